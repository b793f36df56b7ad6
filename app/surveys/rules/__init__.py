"""Rules of the survey: forms, answers, entry checks."""
