"""The units' knowledge bases of reply templates (O-6.2.6)."""
