"""The monitoring report: its content, charts and file formats."""
