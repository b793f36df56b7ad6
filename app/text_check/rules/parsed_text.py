"""A parsed text shared by all rules: words, sentences, links. Positions refer to the raw text."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from app.language.lemmas import WordAnalysis, analyze_word
from app.language.personal_data import PersonalDataMatch, find_personal_data
from app.text_check.rules.addresses import Link, find_emails, find_links
from app.text_check.rules.pictographs import Pictograph, find_pictographs
from app.text_check.rules.readability import Readability, compute_readability

# Words may contain combining marks, soft hyphens and invisible characters; lookups use the composed form.
_MARKS = r"\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"
_INVISIBLE_RANGES = r"\u00ad\u200b-\u200d\u2060\ufeff"
_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}{_INVISIBLE_RANGES}]|[-‑](?=[^\W\d_]))*+")
_INVISIBLE = re.compile(f"[{_INVISIBLE_RANGES}]")
_STOP = re.compile(r"[.!?…]++|\n++")
_SPACE = re.compile(r"[^\S\n]*+[»\")]?[^\S\n]*+")
PLACEHOLDER = re.compile(r"\{([а-яёa-z_]{1,40})\}", re.IGNORECASE)
# A full stop after these abbreviations does not end a sentence.
_ABBREVIATION_LIST = (
    "г гг ул д дом корп стр кв пр просп пер обл р н пос с к каб т тел тыс млн млрд руб коп ст п пп ч см им др е напр "
    "гр доп моб раб эл мин макс"
)
_ABBREVIATIONS = frozenset(_ABBREVIATION_LIST.split())
_MIN_SCORE = 0.05


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its position; `text` is composed, without invisible characters."""

    start: int
    end: int
    text: str
    readings: tuple[WordAnalysis, ...]

    @property
    def form(self) -> str:
        """The word in lower case with ё replaced by е."""
        return self.text.casefold().replace("ё", "е")

    @property
    def lemmas(self) -> frozenset[str]:
        """The likely lemmas of the word."""
        return frozenset(reading.lemma for reading in self.readings if reading.score >= _MIN_SCORE)

    @property
    def lemma(self) -> str | None:
        """The most likely lemma; None if two are equally likely."""
        weights: dict[str, float] = {}
        for reading in self.readings:
            weights[reading.lemma] = weights.get(reading.lemma, 0.0) + reading.score
        best = sorted(weights, key=lambda lemma: -weights[lemma])[:2]
        return best[0] if len(best) == 1 or weights[best[0]] - weights[best[1]] > _MIN_SCORE else None

    def may_be(self, *tags: str, least: float = _MIN_SCORE) -> bool:
        """Return whether a likely reading has all the tags."""
        return any(reading.score >= least and reading.tags.issuperset(tags) for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its words; `start` and `end` exclude the surrounding whitespace."""

    start: int
    end: int
    words: tuple[Word, ...]


class ParsedText:
    """A text with the parts that the rules use, each computed once."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def links(self) -> list[Link]:
        """The links of the text, in order."""
        return find_links(self.raw)

    @cached_property
    def pictographs(self) -> list[Pictograph]:
        """Emoji, and smileys outside links, in order; «:/» belongs to a link, an emoji after it does not."""
        covered = self._covered
        return [
            pictograph
            for pictograph in find_pictographs(self.raw)
            if not (pictograph.is_smiley and covered[pictograph.start])
        ]

    @cached_property
    def personal_data(self) -> list[PersonalDataMatch]:
        """Possible personal data, in order."""
        return find_personal_data(self.raw)

    @cached_property
    def readability(self) -> Readability | None:
        """The readability of the text, None without words."""
        return compute_readability(self.raw)

    @cached_property
    def _covered(self) -> bytearray:
        """A mask of links, e-mail addresses and placeholders, which contain no words."""
        covered = bytearray(len(self.raw) + 1)
        spans = [(link.start, link.end) for link in self.links]
        spans += find_emails(self.raw)
        spans += [match.span() for match in PLACEHOLDER.finditer(self.raw)]
        for start, end in spans:
            covered[start:end] = b"\1" * (end - start)
        return covered

    def is_prose(self, place: int) -> bool:
        """Return whether a position is outside links, addresses and placeholders."""
        return not self._covered[place]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words outside links, addresses and placeholders, in order."""
        covered = self._covered
        return tuple(
            Word(*match.span(), text := normalize_composed(match[0]), analyze_word(text))
            for match in _WORD.finditer(self.raw)
            if not covered[match.start()]
        )

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences with words; «г.», initials and dots inside numbers and links do not end a sentence."""
        sentences: list[Sentence] = []
        words = list(self.words)
        first = start = 0
        for end, after in [*self._find_stops(), (len(self.raw), len(self.raw))]:
            last = first
            while last < len(words) and words[last].start < end:
                last += 1
            if last > first:
                begin, finish = _strip(self.raw, start, end)
                sentences.append(Sentence(begin, finish, tuple(words[first:last])))
            first, start = last, after
        return tuple(sentences)

    def _find_stops(self) -> list[tuple[int, int]]:
        """Return the ends of sentences and the starts of the following text."""
        stops = []
        covered, place = self._covered, 0
        pictograph_starts = {pictograph.start for pictograph in self.pictographs}
        for match in _STOP.finditer(self.raw):
            if match[0][0] == "\n":
                stops.append((match.start(), match.end()))
                continue
            while place < len(self.words) and self.words[place].end <= match.start():
                place += 1
            before = self.words[place - 1] if place else None
            is_joined = before is not None and before.end == match.start()
            if covered[match.start()] or (match[0] == "." and is_joined and before and _is_abbreviated(before)):
                continue
            after = _SPACE.match(self.raw, match.end())
            begin = after.end() if after else match.end()
            following = self.raw[begin : begin + 1]
            if begin == match.end() and following and not following.isspace() and begin not in pictograph_starts:
                continue  # «3.5», «и.о»; «Спасибо!😊» does end
            if match[0] == "." and following.islower():
                continue
            stops.append((match.end(), match.end()))
        return stops


def normalize_composed(raw: str) -> str:
    """Return a word in composed form, without stress marks and invisible characters."""
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", raw).replace("‑", "-"))
    return text if text.isascii() else "".join(c for c in text if not unicodedata.combining(c))


def _is_abbreviated(word: Word) -> bool:
    return word.form in _ABBREVIATIONS or len(word.text) == 1


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
