"""Use cases of the survey: versions of the form, and what is filled in."""
