"""Request and response bodies of the survey."""
