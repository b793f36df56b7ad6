"""Rules about emoji: allowed in social networks only, and only positive ones (O-6.2.5)."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place
from app.text_check.rules.parsed_text import ParsedText
from app.text_check.rules.pictographs import get_name


def find_not_positive(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find emoji and smileys that are not on the positive list."""
    for pictograph in parsed.pictographs:
        if pictograph.key not in context.lexicon.positive:
            message = f"Эмодзи «{get_name(pictograph.key)}» нет в списке позитивных."
            yield Place(pictograph.start, pictograph.end, message, "")


def find_not_social(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find every emoji and smiley outside social networks."""
    if context.is_social is False:
        for pictograph in parsed.pictographs:
            yield Place(pictograph.start, pictograph.end, "Эмодзи допустимы только в социальных сетях.", "")
