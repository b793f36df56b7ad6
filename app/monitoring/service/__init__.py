"""Use cases of monitoring: satisfaction, the head's control of a unit."""
