"""What a text is checked for: where it goes, whose message it answers, and the tables that an administrator keeps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.language.lemmas import analyze_word
from app.text_check.rules.findings import RuleCode
from app.text_check.rules.parsed_text import ParsedText, Word, normalize_composed


@dataclass(frozen=True, slots=True)
class Setting:
    """A rule as it holds for one channel."""

    is_on: bool = True
    threshold: int | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownClient:
    """What is the client's own: names of persons, and contacts (telephones, addresses, profile ids) as written."""

    names: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


Matcher = frozenset[str] | str
"""How a word of a phrase is known: by its dictionary forms, or, marked with = in the table, exactly as it stands."""


@dataclass(slots=True, eq=False)
class _Node:
    """A step in the tree of phrases."""

    by_lemma: dict[str, "_Node"] = field(default_factory=dict)
    by_form: dict[str, "_Node"] = field(default_factory=dict)
    phrase: tuple[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in a text."""

    start: int
    end: int
    phrase: str
    counterpart: str | None


class Phrases:
    """A table of phrases, found by the dictionary forms of their words, the longest first."""

    def __init__(self, rows: Sequence[tuple[str, str | None]]) -> None:
        self._root = _Node()
        for phrase, counterpart in rows:
            node = self._root
            for word in phrase_words(phrase):
                branch = node.by_form if word.startswith("=") else node.by_lemma
                node = branch.setdefault(word.removeprefix("="), _Node())
            if node is self._root:
                continue
            node.phrase = (phrase.replace("=", ""), counterpart)
            if node in self._root.by_lemma.values():  # a lone word is surely meant where it stands as in the table
                form = ParsedText(phrase).words[0].form
                self._root.by_form.setdefault(form, _Node()).phrase = node.phrase

    def find(self, parsed: ParsedText) -> Iterator[Match]:
        """The phrases of a text, left to right, none inside another. At most the longest phrase is tried at a word."""
        words, place = parsed.words, 0
        while place < len(words):
            found = self._longest(parsed.raw, words, place)
            if found is None:
                place += 1
                continue
            count, (phrase, counterpart) = found
            yield Match(words[place].start, words[place + count - 1].end, phrase, counterpart)
            place += count

    def _longest(self, raw: str, words: Sequence[Word], place: int) -> tuple[int, tuple[str, str | None]] | None:
        best: tuple[int, tuple[str, str | None]] | None = None
        nodes = [self._root]
        for depth, word in enumerate(words[place : place + MOST_WORDS]):
            if depth and not _is_joined(raw, words[place + depth - 1].end, word.start):
                break
            nodes = [after for node in nodes for after in _after(node, word)]
            if not nodes:
                break
            for node in nodes:
                # A lone word must be likelier of the phrase than of anything else: «данные» are no «данный».
                if node.phrase is not None and (depth or self._is_sure(node, word)):
                    best = (depth + 1, node.phrase)
        return best

    def _is_sure(self, node: _Node, word: Word) -> bool:
        return self._root.by_form.get(word.form) is node or self._root.by_lemma.get(word.lemma or "") is node


MOST_WORDS = 10


def phrase_words(phrase: str) -> list[str]:
    """The words of a phrase as they are matched: dictionary forms, and exact forms marked with =."""
    parsed = ParsedText(phrase.replace("=", " "))
    return [
        f"={word.form}" if phrase[word.start - 1 : word.start] == "=" else to_lemma(word.text) for word in parsed.words
    ]


def to_lemma(word: str) -> str:
    """The dictionary form by which a word of a table is matched."""
    return analyze_word(normalize_composed(word))[0].lemma


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """An abbreviation of the table: what it stands for, and whether everybody knows it."""

    expansion: str | None
    is_well_known: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The tables of words, made ready for finding."""

    bureaucratic: Phrases
    politeness: Phrases
    abbreviations: Mapping[str, Abbreviation]
    """By the abbreviation in capitals."""
    positive: frozenset[str]
    """Emoji and smileys that show a positive mood, by their keys (O-6.2.5)."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """Everything besides the text that decides what is found."""

    lexicon: Lexicon
    settings: Mapping[RuleCode, Setting]
    """The rules as they hold for the channel."""
    is_social: bool | None = None
    """None: the channel is not known."""
    is_public: bool = False
    client: KnownClient = KnownClient()

    def of(self, code: RuleCode) -> Setting:
        """How a rule is set."""
        return self.settings.get(code, Setting())


def _is_joined(raw: str, end: int, start: int) -> bool:
    return all(character.isspace() or character == "," for character in raw[end:start][:5]) and start - end <= 5  # noqa: PLR2004


def _after(node: _Node, word: Word) -> Iterator[_Node]:
    for lemma in sorted(word.lemmas):
        if lemma in node.by_lemma:
            yield node.by_lemma[lemma]
    if word.form in node.by_form:
        yield node.by_form[word.form]
