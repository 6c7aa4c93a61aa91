"""Other people's files to a ``NetworkSpec``: one module for each format."""
