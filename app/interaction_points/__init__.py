"""The registry of interaction points, each approved by a legal act and regulated (O-2.7, O-3, O-10c)."""
