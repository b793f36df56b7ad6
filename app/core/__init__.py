"""The shared kernel: settings, database, problems, security, and the hallways of a request. Imports no domain."""
