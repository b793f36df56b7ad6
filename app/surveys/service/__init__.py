"""Use cases of the survey: form versions and submissions."""
