"""Rules of finding: words, synonyms, and the index that ranks templates. No database, no clock."""
