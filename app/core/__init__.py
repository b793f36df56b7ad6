"""The shared kernel: settings, database, problems, security and the request pipeline. It imports no domain."""
