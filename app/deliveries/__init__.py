"""Outgoing deliveries: claimed, sent outside any transaction, then recorded (O-6.2.3b)."""
