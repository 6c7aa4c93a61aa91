"""Networks to other people's files: one module for each format."""
