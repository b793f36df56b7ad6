"""Use cases of messages: intake, triage and control of the work, replies."""
