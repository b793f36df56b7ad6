"""Monitoring of satisfaction, the order's form of control (O-1, O-11)."""
