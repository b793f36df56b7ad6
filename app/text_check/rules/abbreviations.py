"""Rules about words in capitals: unexplained abbreviations and shouting (O-6.2.4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.text_check.rules.check_context import CheckContext, split_phrase
from app.text_check.rules.findings import Place
from app.text_check.rules.parsed_text import ParsedText, Word, normalize_composed

_CAPITALS = re.compile(r"([A-ZА-ЯЁ]{2,}+)([а-яё]{0,2})")
_ROMAN = re.compile(r"[IVXLCDM]{1,12}")
_MAX_ABBREVIATION_LENGTH = 6
_MIN_SINGLE_LENGTH = 4
_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 16, 200
_OPENED = re.compile(r"\((?:далее\s?[-–—:]?\s?)?[«\"]?$", re.IGNORECASE)
_EXPLAINED = re.compile(r"[»\"]?\s?(?:\([^()]{2,150}\s[^()]{2,150}\)|[-–—]\sэто\s)")
_CLOSED = re.compile(r"[»\"]?\)")


@dataclass(frozen=True, slots=True)
class _Abbreviation:
    """An abbreviation in a text; `letters` are its capitals."""

    start: int
    end: int
    letters: str


def find_unexplained_abbreviations(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find abbreviations that are neither well known nor explained in the text, at their first occurrence."""
    abbreviations = [
        abbreviation for word in parsed.words for abbreviation in _find_abbreviations(parsed, word, context)
    ]
    explained = {abbreviation.letters for abbreviation in abbreviations if _is_explained(parsed.raw, abbreviation)}
    lemmas: set[str] = set()
    if abbreviations:
        lemmas = {lemma for word in parsed.words for lemma in word.lemmas}
    reported: set[str] = set()
    for abbreviation in abbreviations:
        entry = context.lexicon.abbreviations.get(abbreviation.letters)
        if abbreviation.letters in reported | explained or (entry and entry.is_well_known):
            continue
        reported.add(abbreviation.letters)
        expansion = entry.expansion if entry else None
        if expansion is None:
            yield Place(
                abbreviation.start, abbreviation.end, "Сокращение понятно не всем. Напишите его полностью или поясните."
            )
        elif not lemmas.issuperset(split_phrase(expansion)):
            yield Place(
                abbreviation.start, abbreviation.end, "Сокращение понятно не всем. Напишите его полностью.", expansion
            )


def _find_abbreviations(parsed: ParsedText, word: Word, context: CheckContext) -> Iterator[_Abbreviation]:
    start = word.start
    for part in re.split("[-‑]", parsed.raw[word.start : word.end]):
        text = normalize_composed(part)
        match = _CAPITALS.fullmatch(text)
        if match and not _ROMAN.fullmatch(text) and _is_abbreviation(text, match[1], word, context):
            yield _Abbreviation(start, start + len(part), match[1])
        start += len(part) + 1


def _is_abbreviation(text: str, letters: str, word: Word, context: CheckContext) -> bool:
    if letters in context.lexicon.abbreviations:
        return True
    is_word = word.text == text and any(reading.is_known and "Abbr" not in reading.tags for reading in word.readings)
    return not is_word and len(letters) <= _MAX_ABBREVIATION_LENGTH


def _is_explained(raw: str, abbreviation: _Abbreviation) -> bool:
    before = raw[max(0, abbreviation.start - _CHARACTERS_BEFORE) : abbreviation.start]
    after = raw[abbreviation.end : abbreviation.end + _CHARACTERS_AFTER]
    return bool((_OPENED.search(before) and _CLOSED.match(after)) or _EXPLAINED.match(after))


def find_shouting(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find words in capitals that are not abbreviations: several in a row, or a single longer one."""
    for sentence in parsed.sentences:
        run: list[Word] = []
        for word in sentence.words:
            if (
                not word.text.isupper()
                or _ROMAN.fullmatch(word.text)
                or any(_find_abbreviations(parsed, word, context))
            ):
                yield from _build_shouting(parsed, run)
                run = []
            else:
                run.append(word)
        yield from _build_shouting(parsed, run)


def _build_shouting(parsed: ParsedText, run: list[Word]) -> Iterator[Place]:
    while run and len(run[0].text) == 1:  # «В» and «Я» at the start of a sentence
        run = run[1:]
    while run and len(run[-1].text) == 1:
        run = run[:-1]
    long_words = [word for word in run if len(word.text) > 1]
    if len(long_words) > 1 or (long_words and len(long_words[0].text) >= _MIN_SINGLE_LENGTH):
        start, end = run[0].start, run[-1].end
        message = "Слова прописными буквами читаются как крик. Напишите их строчными."
        yield Place(start, end, message, parsed.raw[start:end].lower())
