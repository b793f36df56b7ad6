"""What a draft takes from messages and answers: pure (O-6.2.6)."""

from collections.abc import Iterable

from app.language.masking import ADDRESS_MASK, NAME_MASK

LONGEST_TITLE = 200
MAX_EXAMPLE = 2_000
_PLACEHOLDERS = {NAME_MASK: "{имя}", "[телефон]": "{телефон}", ADDRESS_MASK: "{адрес}"}


def to_template_text(answer: str) -> str:
    """An answer without personal data as the text of a template: its masks become placeholders, braces do not."""
    text = answer.replace("{", "(").replace("}", ")")
    for mask, placeholder in _PLACEHOLDERS.items():
        text = text.replace(mask, placeholder)
    return text


def to_one_line(text: str) -> str:
    """A message as a title: on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def to_example(message: str) -> str:
    """A message without personal data as a typical one: cut where it gets long."""
    text = message.strip()
    return text if len(text) <= MAX_EXAMPLE else text[: MAX_EXAMPLE - 1].rstrip() + "…"


def find_keywords(words: Iterable[str]) -> list[str]:
    """Dictionary forms as keywords."""
    return [word for word in words if len(word) > 1]
