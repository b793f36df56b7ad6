"""The monitoring report: its figures, its charts, and the files that it is handed out in."""
