"""The reply check: what a writer should see about a text before it goes out (O-6.2.3b, O-6.2.4, O-6.2.5)."""
