"""Pages for people: the respondent's page of the survey (O-11, A-1), which works without JavaScript."""
