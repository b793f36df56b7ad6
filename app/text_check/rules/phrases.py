"""Bureaucratic phrases with a plain counterpart, and politeness that says nothing (O-6.2.4)."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext, Match
from app.text_check.rules.findings import Place
from app.text_check.rules.parsed_text import ParsedText


def bureaucratic_phrases(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """The phrases of the table, the longest first."""
    for match in case.lexicon.bureaucratic.find(parsed):
        yield Place(match.start, match.end, f"Канцеляризм: «{match.phrase}».", _suggestion(parsed, match))


def empty_politeness(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Polite phrases of the table that tell the client nothing."""
    for match in case.lexicon.politeness.find(parsed):
        message = f"Пустая вежливость: «{match.phrase}». Скажите по делу, чем поможете."
        yield Place(match.start, match.end, message, _suggestion(parsed, match))


def _suggestion(parsed: ParsedText, match: Match) -> str | None:
    if match.counterpart is None:
        return None
    found = parsed.raw[match.start : match.end]
    is_capital = found[0].isupper() and not found.isupper()
    return match.counterpart[0].upper() + match.counterpart[1:] if is_capital else match.counterpart
