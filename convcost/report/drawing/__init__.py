"""A network as a drawing: what is to be drawn, and one writer for each format."""
