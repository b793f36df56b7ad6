"""Tables of the survey."""
