"""Template search: suggestions, search by word forms, synonyms, learning from choices (O-6.2.6)."""
