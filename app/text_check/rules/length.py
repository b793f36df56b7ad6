"""Rules about the length of a text and unfilled placeholders."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import PLACEHOLDER, ParsedText


def find_excess(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find the part of a text beyond the limit of the channel, in code points."""
    limit, length = context.setting(RuleCode.TOO_LONG).threshold, len(parsed.raw)
    if limit is not None and length > limit:
        yield Place(limit, length, f"Текст слишком длинный для канала. Знаков: {length}, допустимо: {limit}.")


def find_placeholders(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find unfilled template placeholders."""
    del context
    for match in PLACEHOLDER.finditer(parsed.raw):
        yield Place(*match.span(), f"Не заполнено поле «{match[1]}».")
