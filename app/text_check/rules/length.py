"""What the channel takes, and what was left unfilled."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import PLACEHOLDER, ParsedText


def too_long(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """What stands beyond the limit of the channel, in code points."""
    most, length = case.of(RuleCode.TOO_LONG).threshold, len(parsed.raw)
    if most is not None and length > most:
        yield Place(most, length, f"Текст длиннее, чем принимает канал: {length} знаков при пределе {most}.")


def placeholders(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Placeholders of templates that nothing was put in for."""
    del case
    for match in PLACEHOLDER.finditer(parsed.raw):
        yield Place(*match.span(), f"Не заполнено поле «{match[1]}».")
