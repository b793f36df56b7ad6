"""How text is compared and searched; what is stored stays as it was written."""

import unicodedata


def normalize(text: str) -> str:
    """Text as it is searched: NFC, small letters, ё as е, blanks folded."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().replace("ё", "е").split())


def split_words(text: str) -> list[str]:
    """The words of a search, normalized."""
    return normalize(text).split()


def like_pattern(word: str) -> str:
    """A LIKE pattern (escape character `\\`) that finds the word anywhere, its own % and _ taken literally."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
