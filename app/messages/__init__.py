"""Messages and comments of clients, their triage and the replies to them (O-2.5, O-6.2.1 to O-6.2.3)."""
