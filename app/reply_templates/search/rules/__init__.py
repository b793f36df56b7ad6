"""Rules of template search: tokens, synonyms and the ranking index. No database, no clock."""
