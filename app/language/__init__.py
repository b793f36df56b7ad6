"""Russian text processing without a database: normalization, lemmas, personal data, masking, text groups."""
