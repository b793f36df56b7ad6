"""Files that come in with messages: accepted types, content checks, and the store that keeps them (O-2.5)."""
