"""Finding the template that fits: suggestions, search by word forms, synonyms, learning from use (O-6.2.6)."""
