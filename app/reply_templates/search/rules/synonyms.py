"""Synonyms and abbreviations: what says the same in other words, and what lies near it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.reply_templates.search.rules.tokenizer import Word, tokenize


class SynonymKind(StrEnum):
    """How near the terms of a group stand to each other."""

    SAME = "same"
    """Another name of the same thing: an abbreviation, another spelling."""
    NEAR = "near"
    """Another thing that a client may well mean."""
    FOREIGN = "foreign"
    """Words of other bodies' subjects: no synonyms, but signs that silence may be right."""


WEIGHTS = {SynonymKind.SAME: 1.0, SynonymKind.NEAR: 0.8}
"""What a word counts where a synonym of it stands in a template."""

Phrase = tuple[str, ...]
"""The dictionary forms of a term's words, in order."""


def phrase_of(term: str) -> Phrase:
    """The dictionary forms of a term: of all its words, or of the telling ones where there are some."""
    words = list(tokenize(term))
    return tuple(word.form for word in words if not word.is_stop_word) or tuple(word.form for word in words)


@dataclass(slots=True)
class Term:
    """A word of a message with everything that may stand for it in a template."""

    written: str
    form: str
    alternatives: dict[Phrase, float]
    """Phrases, each with what it counts; a phrase counts where all of its words stand."""
    is_foreign: bool
    """Whether it names a subject of another body."""


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The table of synonyms, ready to be asked."""

    groups: Sequence[tuple[SynonymKind, Sequence[Phrase]]] = ()
    _known: dict[str, list[tuple[Phrase, int]]] = field(default_factory=dict)
    """First word of a phrase → phrases that begin with it, and the group of each."""

    @classmethod
    def of(cls, groups: Iterable[tuple[SynonymKind, Sequence[str]]]) -> "Synonyms":
        """Synonyms from groups of terms as they are written."""
        read = [(kind, [p for p in dict.fromkeys(map(phrase_of, terms)) if p]) for kind, terms in groups]
        known: dict[str, list[tuple[Phrase, int]]] = defaultdict(list)
        for number, (_, phrases) in enumerate(read):
            for phrase in phrases:
                known[phrase[0]].append((phrase, number))
        return cls(read, dict(known))

    def has(self, form: str) -> bool:
        """Whether a term begins with a word."""
        return form in self._known

    def terms(self, words: Sequence[Word]) -> list[Term]:
        """The telling words of a text, each form once, with their synonyms.

        A phrase is known wherever its words follow each other, small words between them left out.
        """
        telling = [word for word in words if not word.is_stop_word]
        forms = [word.form for word in telling]
        found: dict[str, Term] = {}
        by_place: list[Term] = []
        for word in telling:
            alternatives: dict[Phrase, float] = {(form,): 1.0 for form in word.forms}
            by_place.append(found.setdefault(word.form, Term(word.written, word.form, alternatives, False)))
        for place, word in enumerate(telling):
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
