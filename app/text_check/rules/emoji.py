"""Emoji: only in social networks, and only those that show a positive mood (O-6.2.5)."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place
from app.text_check.rules.parsed_text import ParsedText
from app.text_check.rules.pictographs import name_of


def not_positive(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Emoji and smileys that are not on the positive list, by their whole sequence."""
    for one in parsed.pictographs:
        if one.key not in case.lexicon.positive:
            message = f"Этого эмодзи нет в списке позитивных: {name_of(one.key)}."
            yield Place(one.start, one.end, message, "")


def not_social(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Every emoji and smiley outside social networks."""
    if case.is_social is False:
        for one in parsed.pictographs:
            yield Place(one.start, one.end, "Эмодзи уместны только в социальных сетях.", "")
