"""Records in, text out: tables for terminals, JSON, CSV and Markdown. No arithmetic on costs."""
