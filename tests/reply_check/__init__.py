"""The reply check."""
