"""Texts that are hard to read, and sentences that are too long (O-6.2.4)."""

from collections.abc import Iterator

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText

FEW_WORDS = 20
"""Below so many words the figures of a text say nothing."""


def hard_to_read(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """The whole text, when the middle one of the five grades is over the threshold (years of learning)."""
    told, most = parsed.readability, case.of(RuleCode.HARD_TO_READ).threshold
    if told is not None and most is not None and told.words >= FEW_WORDS and told.grade > most:
        yield Place(
            0,
            len(parsed.raw),
            f"Текст трудно читать: сложность {round(told.grade)} при допустимой {most}. "
            "Пишите короче и проще, замените длинные слова.",
        )


def long_sentences(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Every sentence of more words than the threshold."""
    most = case.of(RuleCode.LONG_SENTENCE).threshold
    for sentence in parsed.sentences:
        count = len(sentence.words)
        if most is not None and count > most:
            yield Place(
                sentence.start,
                sentence.end,
                f"Длинное предложение (слов: {count}, лучше не больше {most}). Разделите его.",
            )
