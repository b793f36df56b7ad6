"""The reply check: findings about a text before it is sent (O-6.2.3b, O-6.2.4, O-6.2.5)."""
