"""Use cases of reply templates: writing, publishing, keeping current, using."""
