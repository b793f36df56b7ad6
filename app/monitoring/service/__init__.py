"""Use cases of monitoring and of control by heads of units."""
