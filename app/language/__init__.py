"""Russian text: normalization, lemmas, masking, personal data, groups of similar texts. Pure: no database."""
