"""Files of messages: accepted types, content checks, the store of their contents and their table (O-2.5)."""
