"""Monitoring of satisfaction as the form of control (O-1, O-11)."""
