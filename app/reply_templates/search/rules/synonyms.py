"""Synonyms, abbreviations and related terms."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.reply_templates.search.rules.tokenizer import Word, tokenize


class SynonymKind(StrEnum):
    """The relation between the terms of a group."""

    SAME = "same"
    """Terms with the same meaning: abbreviations, other spellings."""
    NEAR = "near"
    """Related terms that a client may mean."""
    FOREIGN = "foreign"
    """Terms outside the ministry's competence; they lower the score of a template."""


WEIGHTS = {SynonymKind.SAME: 1.0, SynonymKind.NEAR: 0.8}
"""The weight of a match by a synonym."""

Phrase = tuple[str, ...]
"""The dictionary forms of a term's words, in order."""


def phrase_of(term: str) -> Phrase:
    """Return the dictionary forms of a term's significant words, or of all words if none is significant."""
    words = list(tokenize(term))
    return tuple(word.form for word in words if not word.is_stop_word) or tuple(word.form for word in words)


@dataclass(slots=True)
class Term:
    """A word of a message with its alternatives in a template."""

    written: str
    form: str
    alternatives: dict[Phrase, float]
    """Phrase → weight; a phrase matches where all of its words occur."""
    is_foreign: bool
    """Whether the word belongs to a subject outside the ministry's competence."""


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The synonym groups, indexed for lookup."""

    groups: Sequence[tuple[SynonymKind, Sequence[Phrase]]] = ()
    _known: dict[str, list[tuple[Phrase, int]]] = field(default_factory=dict)
    """First word of a phrase → the phrases that begin with it, with their group numbers."""

    @classmethod
    def of(cls, groups: Iterable[tuple[SynonymKind, Sequence[str]]]) -> "Synonyms":
        """Build synonyms from groups of written terms."""
        parsed = [(kind, [p for p in dict.fromkeys(map(phrase_of, terms)) if p]) for kind, terms in groups]
        known: dict[str, list[tuple[Phrase, int]]] = defaultdict(list)
        for number, (_, phrases) in enumerate(parsed):
            for phrase in phrases:
                known[phrase[0]].append((phrase, number))
        return cls(parsed, dict(known))

    def has(self, form: str) -> bool:
        """Return whether any term begins with a word."""
        return form in self._known

    def terms(self, words: Sequence[Word]) -> list[Term]:
        """Return the significant words of a text with their synonyms, each form once.

        A phrase is recognized where its words follow each other; stop words in between are ignored.
        """
        significant = [word for word in words if not word.is_stop_word]
        forms = [word.form for word in significant]
        found: dict[str, Term] = {}
        by_place: list[Term] = []
        for word in significant:
            alternatives: dict[Phrase, float] = {(form,): 1.0 for form in word.forms}
            by_place.append(found.setdefault(word.form, Term(word.written, word.form, alternatives, False)))
        for place, word in enumerate(significant):
            for form in word.forms:
                for phrase, number in self._known.get(form, ()):
                    if phrase[1:] == tuple(forms[place + 1 : place + len(phrase)]):
                        for term in by_place[place : place + len(phrase)]:
                            self._add(term, number, phrase)
        return list(found.values())

    def _add(self, term: Term, number: int, phrase: Phrase) -> None:
        kind, phrases = self.groups[number]
        if kind is SynonymKind.FOREIGN:
            term.is_foreign = True
            return
        for other in phrases:
            if other != phrase:
                term.alternatives[other] = max(term.alternatives.get(other, 0.0), WEIGHTS[kind])
