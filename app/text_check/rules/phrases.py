"""Rules about bureaucratic phrases and empty politeness (O-6.2.4)."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext, Match
from app.text_check.rules.findings import Place
from app.text_check.rules.parsed_text import ParsedText


def find_bureaucratic_phrases(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find bureaucratic phrases, the longest first."""
    for match in context.lexicon.bureaucratic.find(parsed):
        yield Place(match.start, match.end, f"Канцеляризм: «{match.phrase}».", _build_suggestion(parsed, match))


def find_empty_politeness(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find polite phrases without content."""
    for match in context.lexicon.politeness.find(parsed):
        message = f"Пустая вежливость: «{match.phrase}». Напишите по существу, чем вы поможете."
        yield Place(match.start, match.end, message, _build_suggestion(parsed, match))


def _build_suggestion(parsed: ParsedText, match: Match) -> str | None:
    if match.replacement is None:
        return None
    original = parsed.raw[match.start : match.end]
    is_capital = original[0].isupper() and not original.isupper()
    return match.replacement[0].upper() + match.replacement[1:] if is_capital else match.replacement
