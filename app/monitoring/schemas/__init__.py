"""Request and response bodies of monitoring and control."""
