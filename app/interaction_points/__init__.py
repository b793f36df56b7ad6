"""The registry of interaction points: where clients meet the ministry, approved by a legal act (O-2.7, O-3, O-10c)."""
