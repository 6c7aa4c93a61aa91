"""The report of measurements beside the model: HTML, Markdown, JSON, and short in a terminal."""
