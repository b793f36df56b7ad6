"""Use cases of messages: registration, triage, deadlines, replies."""
