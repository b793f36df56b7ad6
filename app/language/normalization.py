"""Normalization of text for comparison and search; stored text is not changed."""

import unicodedata


def normalize(text: str) -> str:
    """Return the text in NFC and lower case, with ё as е and collapsed whitespace."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("ё", "е").split())


def split_words(text: str) -> list[str]:
    """Return the normalized words of a search."""
    return normalize(text).split()


def like_pattern(word: str) -> str:
    """Return a LIKE pattern (escape character `\\`) that matches the word anywhere, with its % and _ escaped."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
