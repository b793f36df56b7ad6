"""A text taken apart once for all rules: words with their readings, sentences, links. Places are of the raw text."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from app.language.lemmas import WordAnalysis, analyze_word
from app.language.personal_data import PersonalDataMatch, find_personal_data
from app.text_check.rules.addresses import Link, find_emails, find_links
from app.text_check.rules.pictographs import Pictograph, find_pictographs
from app.text_check.rules.readability import Readability, compute_readability

# Combining marks, soft hyphens and what is not seen stand inside words; the composed form is what is looked up.
_MARKS = r"\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"
_NOT_SEEN = r"\u00ad\u200b-\u200d\u2060\ufeff"
_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}{_NOT_SEEN}]|[-‑](?=[^\W\d_]))*+")
_UNSEEN = re.compile(f"[{_NOT_SEEN}]")
_STOP = re.compile(r"[.!?…]++|\n++")
_SPACE = re.compile(r"[^\S\n]*+[»\")]?[^\S\n]*+")
PLACEHOLDER = re.compile(r"\{([а-яёa-z_]{1,40})\}", re.IGNORECASE)
# After these a full stop ends no sentence.
_SHORTENED_TOLD = (
    "г гг ул д дом корп стр кв пр просп пер обл р н пос с к каб т тел тыс млн млрд руб коп ст п пп ч см им др е напр "
    "гр доп моб раб эл мин макс"
)
_SHORTENED = frozenset(_SHORTENED_TOLD.split())
_GOOD_SCORE = 0.05


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its place; `text` is composed and without what is not seen."""

    start: int
    end: int
    text: str
    readings: tuple[WordAnalysis, ...]

    @property
    def form(self) -> str:
        """The word as it stands, in small letters, ё as е."""
        return self.text.casefold().replace("ё", "е")

    @property
    def lemmas(self) -> frozenset[str]:
        """The dictionary forms that the word may well be of."""
        return frozenset(one.lemma for one in self.readings if one.score >= _GOOD_SCORE)

    @property
    def lemma(self) -> str | None:
        """The dictionary form that is likelier than any other; None where two are as likely."""
        weights: dict[str, float] = {}
        for one in self.readings:
            weights[one.lemma] = weights.get(one.lemma, 0.0) + one.score
        best = sorted(weights, key=lambda lemma: -weights[lemma])[:2]
        return best[0] if len(best) == 1 or weights[best[0]] - weights[best[1]] > _GOOD_SCORE else None

    def may_be(self, *tags: str, least: float = _GOOD_SCORE) -> bool:
        """Whether a likely reading has all these tags."""
        return any(one.score >= least and one.tags.issuperset(tags) for one in self.readings)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its words; `start` and `end` leave out the blanks around it."""

    start: int
    end: int
    words: tuple[Word, ...]


class ParsedText:
    """A text and what the rules ask of it, each reckoned once."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def links(self) -> list[Link]:
        """The links, in order."""
        return find_links(self.raw)

    @cached_property
    def pictographs(self) -> list[Pictograph]:
        """Emoji, and smileys outside links, in order: «:/» is a part of a link, and an emoji at its end none."""
        covered = self._covered
        return [one for one in find_pictographs(self.raw) if not (one.is_smiley and covered[one.start])]

    @cached_property
    def suspicions(self) -> list[PersonalDataMatch]:
        """Numbers and addresses that may be personal data, in order."""
        return find_personal_data(self.raw)

    @cached_property
    def readability(self) -> Readability | None:
        """The six figures."""
        return compute_readability(self.raw)

    @cached_property
    def _covered(self) -> bytearray:
        """Marks links, e-mail addresses and placeholders: there are no words in them."""
        covered = bytearray(len(self.raw) + 1)
        spans = [(link.start, link.end) for link in self.links]
        spans += find_emails(self.raw)
        spans += [match.span() for match in PLACEHOLDER.finditer(self.raw)]
        for start, end in spans:
            covered[start:end] = b"\1" * (end - start)
        return covered

    def says(self, place: int) -> bool:
        """Whether a place belongs to the writer's own words, and not to a link, an address or a placeholder."""
        return not self._covered[place]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """The words outside links and addresses, in order."""
        covered = self._covered
        return tuple(
            Word(*match.span(), text := normalize_composed(match[0]), analyze_word(text))
            for match in _WORD.finditer(self.raw)
            if not covered[match.start()]
        )

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences that have words; «г.», initials and dots inside numbers and links end none."""
        found: list[Sentence] = []
        words = list(self.words)
        first = start = 0
        for end, after in [*self._stops(), (len(self.raw), len(self.raw))]:
            last = first
            while last < len(words) and words[last].start < end:
                last += 1
            if last > first:
                begin, finish = _stripped(self.raw, start, end)
                found.append(Sentence(begin, finish, tuple(words[first:last])))
            first, start = last, after
        return tuple(found)

    def _stops(self) -> list[tuple[int, int]]:
        """Where sentences end, and where what follows begins."""
        found = []
        covered, place = self._covered, 0
        pictures = {one.start for one in self.pictographs}
        for match in _STOP.finditer(self.raw):
            if match[0][0] == "\n":
                found.append((match.start(), match.end()))
                continue
            while place < len(self.words) and self.words[place].end <= match.start():
                place += 1
            before = self.words[place - 1] if place else None
            is_joined = before is not None and before.end == match.start()
            if covered[match.start()] or (match[0] == "." and is_joined and before and _is_shortened(before)):
                continue
            after = _SPACE.match(self.raw, match.end())
            begin = after.end() if after else match.end()
            following = self.raw[begin : begin + 1]
            if begin == match.end() and following and not following.isspace() and begin not in pictures:
                continue  # «3.5», «и.о»; «Спасибо!😊» ends all the same
            if match[0] == "." and following.islower():
                continue
            found.append((match.end(), match.end()))
        return found


def normalize_composed(raw: str) -> str:
    """A word as it is looked up: composed, without stress marks and what is not seen."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", raw).replace("‑", "-"))
    return text if text.isascii() else "".join(c for c in text if not unicodedata.combining(c))


def _is_shortened(word: Word) -> bool:
    return word.form in _SHORTENED or len(word.text) == 1


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
