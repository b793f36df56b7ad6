"""Build the fields of a draft from messages and replies, without a database (O-6.2.6)."""

from collections.abc import Iterable

from app.language.masking import ADDRESS_MASK, NAME_MASK

MAX_EXAMPLES = 50
MAX_TITLE = 200
MAX_EXAMPLE = 2_000
_PLACEHOLDERS = {NAME_MASK: "{имя}", "[телефон]": "{телефон}", ADDRESS_MASK: "{адрес}"}


def to_template_text(answer: str) -> str:
    """Turn a reply without personal data into a template text: masks become placeholders, braces become parentheses."""
    text = answer.replace("{", "(").replace("}", ")")
    for mask, placeholder in _PLACEHOLDERS.items():
        text = text.replace(mask, placeholder)
    return text


def to_one_line(text: str) -> str:
    """Turn a message into a title: one line, truncated to 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"


def to_example(message: str) -> str:
    """Turn a message without personal data into a typical message, truncated to 2,000 characters."""
    text = message.strip()
    return text if len(text) <= MAX_EXAMPLE else text[: MAX_EXAMPLE - 1].rstrip() + "…"


def find_keywords(words: Iterable[str]) -> list[str]:
    """Return the dictionary forms that are long enough to be keywords."""
    return [word for word in words if len(word) > 1]
