"""Use cases of imports: taking a table in, and working through it."""
