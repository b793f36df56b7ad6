"""Words in capitals: abbreviations that nobody explained, and shouting (O-6.2.4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.text_check.rules.check_context import CheckContext, phrase_words
from app.text_check.rules.findings import Place
from app.text_check.rules.parsed_text import ParsedText, Word, normalize_composed

_CAPITALS = re.compile(r"([A-ZА-ЯЁ]{2,}+)([а-яё]{0,2})")
_ROMAN = re.compile(r"[IVXLCDM]{1,12}")
_LONGEST_ABBREVIATION = 6
_LONE_SHOUT = 4
_LOOKED_BEFORE, _LOOKED_AFTER = 16, 200
_OPENED = re.compile(r"\((?:далее\s?[-–—:]?\s?)?[«\"]?$", re.IGNORECASE)
_EXPLAINED = re.compile(r"[»\"]?\s?(?:\([^()]{2,150}\s[^()]{2,150}\)|[-–—]\sэто\s)")
_CLOSED = re.compile(r"[»\"]?\)")


@dataclass(frozen=True, slots=True)
class _Short:
    """An abbreviation in the text; `letters` are its capitals."""

    start: int
    end: int
    letters: str


def unexplained_abbreviations(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Abbreviations that not everybody knows and that the text does not explain, each where it stands first."""
    shorts = [short for word in parsed.words for short in _shorts(parsed, word, case)]
    explained = {short.letters for short in shorts if _is_explained(parsed.raw, short)}
    lemmas: set[str] = set()
    if shorts:
        lemmas = {lemma for word in parsed.words for lemma in word.lemmas}
    told: set[str] = set()
    for short in shorts:
        known = case.lexicon.abbreviations.get(short.letters)
        if short.letters in told | explained or (known and known.is_well_known):
            continue
        told.add(short.letters)
        expansion = known.expansion if known else None
        if expansion is None:
            yield Place(short.start, short.end, "Сокращение поймут не все. Напишите его полностью или поясните.")
        elif not lemmas.issuperset(phrase_words(expansion)):
            yield Place(short.start, short.end, "Сокращение поймут не все. Напишите его полностью.", expansion)


def _shorts(parsed: ParsedText, word: Word, case: CheckContext) -> Iterator[_Short]:
    start = word.start
    for part in re.split("[-‑]", parsed.raw[word.start : word.end]):
        text = normalize_composed(part)
        match = _CAPITALS.fullmatch(text)
        if match and not _ROMAN.fullmatch(text) and _is_abbreviation(text, match[1], word, case):
            yield _Short(start, start + len(part), match[1])
        start += len(part) + 1


def _is_abbreviation(text: str, letters: str, word: Word, case: CheckContext) -> bool:
    if letters in case.lexicon.abbreviations:
        return True
    is_word = word.text == text and any(one.is_known and "Abbr" not in one.tags for one in word.readings)
    return not is_word and len(letters) <= _LONGEST_ABBREVIATION


def _is_explained(raw: str, short: _Short) -> bool:
    before = raw[max(0, short.start - _LOOKED_BEFORE) : short.start]
    after = raw[short.end : short.end + _LOOKED_AFTER]
    return bool((_OPENED.search(before) and _CLOSED.match(after)) or _EXPLAINED.match(after))


def shouting(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Words all in capitals that are no abbreviations: several in a row, or a longer one alone."""
    for sentence in parsed.sentences:
        run: list[Word] = []
        for word in sentence.words:
            if not word.text.isupper() or _ROMAN.fullmatch(word.text) or any(_shorts(parsed, word, case)):
                yield from _shout(parsed, run)
                run = []
            else:
                run.append(word)
        yield from _shout(parsed, run)


def _shout(parsed: ParsedText, run: list[Word]) -> Iterator[Place]:
    while run and len(run[0].text) == 1:  # «В», «Я» begin a sentence
        run = run[1:]
    while run and len(run[-1].text) == 1:
        run = run[:-1]
    loud = [word for word in run if len(word.text) > 1]
    if len(loud) > 1 or (loud and len(loud[0].text) >= _LONE_SHOUT):
        start, end = run[0].start, run[-1].end
        message = "Слова прописными буквами читаются как крик. Напишите их строчными."
        yield Place(start, end, message, parsed.raw[start:end].lower())
