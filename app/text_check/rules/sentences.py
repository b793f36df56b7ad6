"""Rules about readability and the length of sentences (O-6.2.4)."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText

MIN_WORDS = 20
"""The minimum number of words for meaningful readability figures."""


def find_hard_to_read(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find a text whose median grade is over the threshold (years of schooling)."""
    readability, threshold = parsed.readability, context.setting(RuleCode.HARD_TO_READ).threshold
    if (
        readability is not None
        and threshold is not None
        and readability.words >= MIN_WORDS
        and readability.grade > threshold
    ):
        yield Place(
            0,
            len(parsed.raw),
            f"Текст трудно читать: сложность {round(readability.grade)} при допустимой {threshold}. "
            "Пишите короче и проще, замените длинные слова.",
        )


def find_long_sentences(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find sentences with more words than the threshold."""
    threshold = context.setting(RuleCode.LONG_SENTENCE).threshold
    for sentence in parsed.sentences:
        count = len(sentence.words)
        if threshold is not None and count > threshold:
            yield Place(
                sentence.start,
                sentence.end,
                f"Длинное предложение (слов: {count}, рекомендуется не более {threshold}). Разделите его.",
            )
