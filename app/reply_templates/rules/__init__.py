"""Pure rules of reply templates: their lives, placeholders, review, what changed and what is out of date."""
