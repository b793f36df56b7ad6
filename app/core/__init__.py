"""The shared kernel: settings, database, problems, security, and the hallways every request walks. Imports no domain."""
