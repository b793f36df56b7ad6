"""Whether a reply greets, shows interest in helping, and keeps its voice down (O-6.2.3b)."""

import re
from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext, to_lemma
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText

_ASKED = re.compile(r"\?")
_REPEATED = re.compile(r"[!?][!?]++")
_GREETING_WITHIN = 6


def missing_greeting(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """The first sentence, when no word of greeting (`values`) stands at the beginning."""
    known = {to_lemma(value) for value in case.of(RuleCode.MISSING_GREETING).values}
    if parsed.sentences and not any(known & word.lemmas for word in parsed.words[:_GREETING_WITHIN]):
        first = parsed.sentences[0]
        yield Place(first.start, first.end, "Нет приветствия. Начните с него.", "Здравствуйте!")


def missing_interest(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """The last sentence, when the text neither asks nor offers help (`values`: the words that do)."""
    known = {to_lemma(value) for value in case.of(RuleCode.MISSING_INTEREST).values}
    asks = any(parsed.says(match.start()) for match in _ASKED.finditer(parsed.raw))  # «…/page?id=1» asks nothing
    if not parsed.sentences or asks or any(known & word.lemmas for word in parsed.words):
        return
    last = parsed.sentences[-1]
    message = "Не видно заинтересованности: предложите помощь или задайте вопрос."
    yield Place(last.start, last.end, message, "Чем ещё помочь?")


def repeated_punctuation(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """«!!», «?!» and the like."""
    del case
    for match in _REPEATED.finditer(parsed.raw):
        if not parsed.says(match.start()):
            continue  # the address of a page is what it is
        yield Place(*match.span(), "Достаточно одного знака.", "?" if "?" in match[0] else "!")
