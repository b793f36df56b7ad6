"""Rules about tone: greeting, interest in helping, repeated punctuation (O-6.2.3b)."""

import re
from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext, to_lemma
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText

_QUESTION_MARK = re.compile(r"\?")
_REPEATED = re.compile(r"[!?][!?]++")
_GREETING_WORDS = 6


def find_missing_greeting(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find the first sentence if the text does not begin with a greeting word (`values`)."""
    lemmas = {to_lemma(value) for value in context.setting(RuleCode.MISSING_GREETING).values}
    if parsed.sentences and not any(lemmas & word.lemmas for word in parsed.words[:_GREETING_WORDS]):
        first = parsed.sentences[0]
        yield Place(first.start, first.end, "Нет приветствия. Начните ответ с приветствия.", "Здравствуйте!")


def find_missing_interest(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find the last sentence if the text neither asks a question nor offers help (words in `values`)."""
    lemmas = {to_lemma(value) for value in context.setting(RuleCode.MISSING_INTEREST).values}
    has_question = any(
        parsed.is_prose(match.start()) for match in _QUESTION_MARK.finditer(parsed.raw)
    )  # «…/page?id=1» is not a question
    if not parsed.sentences or has_question or any(lemmas & word.lemmas for word in parsed.words):
        return
    last = parsed.sentences[-1]
    message = "Не видно заинтересованности: предложите помощь или задайте вопрос."
    yield Place(last.start, last.end, message, "Чем ещё помочь?")


def find_repeated_punctuation(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find repeated punctuation such as «!!» and «?!»."""
    del context
    for match in _REPEATED.finditer(parsed.raw):
        if not parsed.is_prose(match.start()):
            continue  # a URL may contain any punctuation
        yield Place(*match.span(), "Достаточно одного знака.", "?" if "?" in match[0] else "!")
