"""Groups of texts that speak of the same thing, by the lemmas they share.

Deterministic: texts are taken in the order given, each joins the group that it is nearest to or opens one of its own.
How rare a word is does not count: what many texts ask for is what they have in common.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Generic, TypeVar

NEAR_ENOUGH = 0.4
"""The cosine from which on a text joins a group."""


def nearness(shared: int, length: int, lemmas: int) -> float:
    """The cosine of a text with so many lemmas and a group of that squared length; `shared`: their counts in it."""
    return shared / sqrt(length * lemmas)


def grown(length: int, counts: Iterable[int]) -> int:
    """The squared length of a group that a text joins; `counts`: how often the group had each of its lemmas before."""
    return length + sum(2 * count + 1 for count in counts)


Member = TypeVar("Member", bound=Hashable)


@dataclass(slots=True)
class Group(Generic[Member]):
    """Texts that belong together, in the order given, and how many of them have each lemma."""

    members: list[Member] = field(default_factory=list)
    lemmas: Counter[str] = field(default_factory=Counter)
    length: int = 0
    """The squared length of the counts, kept while texts join."""

    def join(self, member: Member, lemmas: frozenset[str]) -> None:
        """Take a text in."""
        self.members.append(member)
        self.length = grown(self.length, (self.lemmas[lemma] for lemma in lemmas))
        self.lemmas.update(lemmas)

    def nearness(self, lemmas: frozenset[str]) -> float:
        """The cosine between a text (each lemma once) and the group (each lemma as often as its texts have it)."""
        return nearness(sum(self.lemmas[lemma] for lemma in lemmas), self.length, len(lemmas))

    def words(self, most: int) -> list[str]:
        """The lemmas that most of the texts have, the commonest first."""
        return [lemma for lemma, _ in sorted(self.lemmas.items(), key=lambda told: (-told[1], told[0]))[:most]]


def grouped(texts: Sequence[tuple[Member, frozenset[str]]], near_enough: float = NEAR_ENOUGH) -> list[Group[Member]]:
    """The texts in groups, the largest first, then the one that began first. A text without lemmas is left out."""
    groups: list[Group[Member]] = []
    having: dict[str, set[int]] = defaultdict(set)
    for member, lemmas in texts:
        if not lemmas:
            continue
        near = {place: groups[place].nearness(lemmas) for lemma in lemmas for place in having[lemma]}
        nearest = max(sorted(near), key=near.__getitem__, default=None)
        if nearest is None or near[nearest] < near_enough:
            nearest = len(groups)
            groups.append(Group())
        groups[nearest].join(member, lemmas)
        for lemma in lemmas:
            having[lemma].add(nearest)
    return sorted(groups, key=lambda group: -len(group.members))
