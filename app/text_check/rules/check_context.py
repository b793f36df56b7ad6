"""The input of the check besides the text: channel, client, dictionary and rule settings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.language.lemmas import analyze_word
from app.text_check.rules.findings import RuleCode
from app.text_check.rules.parsed_text import ParsedText, Word, normalize_composed


@dataclass(frozen=True, slots=True)
class Setting:
    """The settings of a rule for one channel."""

    is_on: bool = True
    threshold: int | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownClient:
    """Personal data of the client: names, and contacts (telephones, addresses, profile ids) as written."""

    names: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


Matcher = frozenset[str] | str
"""How a word of a phrase is matched: by its lemmas, or exactly if marked with =."""


@dataclass(slots=True, eq=False)
class _Node:
    """A node in the tree of phrases."""

    by_lemma: dict[str, "_Node"] = field(default_factory=dict)
    by_form: dict[str, "_Node"] = field(default_factory=dict)
    phrase: tuple[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in a text."""

    start: int
    end: int
    phrase: str
    replacement: str | None


class Phrases:
    """A set of phrases matched by the lemmas of their words, longest first."""

    def __init__(self, rows: Sequence[tuple[str, str | None]]) -> None:
        self._root = _Node()
        for phrase, replacement in rows:
            node = self._root
            for word in split_phrase(phrase):
                branch = node.by_form if word.startswith("=") else node.by_lemma
                node = branch.setdefault(word.removeprefix("="), _Node())
            if node is self._root:
                continue
            node.phrase = (phrase.replace("=", ""), replacement)
            if node in self._root.by_lemma.values():  # a single word always matches its own form
                form = ParsedText(phrase).words[0].form
                self._root.by_form.setdefault(form, _Node()).phrase = node.phrase

    def find(self, parsed: ParsedText) -> Iterator[Match]:
        """Find the phrases of a text from left to right without overlaps, the longest at each word."""
        words, place = parsed.words, 0
        while place < len(words):
            longest = self._find_longest(parsed.raw, words, place)
            if longest is None:
                place += 1
                continue
            count, (phrase, replacement) = longest
            yield Match(words[place].start, words[place + count - 1].end, phrase, replacement)
            place += count

    def _find_longest(self, raw: str, words: Sequence[Word], place: int) -> tuple[int, tuple[str, str | None]] | None:
        best: tuple[int, tuple[str, str | None]] | None = None
        nodes = [self._root]
        for depth, word in enumerate(words[place : place + MAX_PHRASE_WORDS]):
            if depth and not _is_joined(raw, words[place + depth - 1].end, word.start):
                break
            nodes = [branch for node in nodes for branch in _find_branches(node, word)]
            if not nodes:
                break
            for node in nodes:
                # A single word must most likely be a form of the phrase: «данные» is not a form of «данный».
                if node.phrase is not None and (depth or self._is_sure(node, word)):
                    best = (depth + 1, node.phrase)
        return best

    def _is_sure(self, node: _Node, word: Word) -> bool:
        return self._root.by_form.get(word.form) is node or self._root.by_lemma.get(word.lemma or "") is node


MAX_PHRASE_WORDS = 10


def split_phrase(phrase: str) -> list[str]:
    """Return the words of a phrase as matched: lemmas, and exact forms marked with =."""
    parsed = ParsedText(phrase.replace("=", " "))
    return [
        f"={word.form}" if phrase[word.start - 1 : word.start] == "=" else to_lemma(word.text) for word in parsed.words
    ]


def to_lemma(word: str) -> str:
    """Return the lemma by which a dictionary word is matched."""
    return analyze_word(normalize_composed(word))[0].lemma


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """An abbreviation of the dictionary: its expansion, and whether it is well known."""

    expansion: str | None
    is_well_known: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The dictionary of the check, prepared for search."""

    bureaucratic: Phrases
    politeness: Phrases
    abbreviations: Mapping[str, Abbreviation]
    """Keyed by the abbreviation in capitals."""
    positive: frozenset[str]
    """Keys of the emoji and smileys that show a positive mood (O-6.2.5)."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """Everything besides the text that determines the findings."""

    lexicon: Lexicon
    settings: Mapping[RuleCode, Setting]
    """The settings of the rules for the channel."""
    is_social: bool | None = None
    """None if the channel is unknown."""
    is_public: bool = False
    client: KnownClient = KnownClient()

    def setting(self, code: RuleCode) -> Setting:
        """Return the settings of a rule."""
        return self.settings.get(code, Setting())


def _is_joined(raw: str, end: int, start: int) -> bool:
    return all(character.isspace() or character == "," for character in raw[end:start][:5]) and start - end <= 5  # noqa: PLR2004


def _find_branches(node: _Node, word: Word) -> Iterator[_Node]:
    for lemma in sorted(word.lemmas):
        if lemma in node.by_lemma:
            yield node.by_lemma[lemma]
    if word.form in node.by_form:
        yield node.by_form[word.form]
