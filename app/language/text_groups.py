"""Groups of texts that speak of the same thing, by the lemmas they share.

Deterministic: texts are taken in the order given, each joins the group that it is nearest to or opens one of its own.
How rare a word is does not count: what many texts ask for is what they have in common.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Generic, TypeVar

NEAR_ENOUGH = 0.4
"""The cosine from which on a text joins a group."""


def compute_similarity(shared: int, length: int, lemmas: int) -> float:
    """The cosine of a text with so many lemmas and a group of that squared length; `shared`: their counts in it."""
    return shared / sqrt(length * lemmas)


def compute_grown_length(length: int, counts: Iterable[int]) -> int:
    """The squared length of a group that a text joins; `counts`: how often the group had each of its lemmas before."""
    return length + sum(2 * count + 1 for count in counts)


Member = TypeVar("Member", bound=Hashable)


@dataclass(slots=True)
class TextGroup(Generic[Member]):
    """Texts that belong together, in the order given, and how many of them have each lemma."""

    members: list[Member] = field(default_factory=list)
    lemmas: Counter[str] = field(default_factory=Counter)
    length: int = 0
    """The squared length of the counts, kept while texts join."""

    def join(self, member: Member, lemmas: frozenset[str]) -> None:
        """Take a text in."""
        self.members.append(member)
        self.length = compute_grown_length(self.length, (self.lemmas[lemma] for lemma in lemmas))
        self.lemmas.update(lemmas)

    def words(self, most: int) -> list[str]:
        """The lemmas that most of the texts have, the commonest first."""
        return [lemma for lemma, _ in sorted(self.lemmas.items(), key=lambda told: (-told[1], told[0]))[:most]]


def group_texts(
    texts: Sequence[tuple[Member, frozenset[str]]], near_enough: float = NEAR_ENOUGH
) -> list[TextGroup[Member]]:
    """The texts in groups, the largest first, then the one that began first. A text without lemmas is left out."""
    groups: list[TextGroup[Member]] = []
    having: dict[str, dict[int, int]] = defaultdict(dict)
    for member, lemmas in texts:
        if not lemmas:
            continue
        nearest = _nearest(groups, having, lemmas, near_enough)
        if nearest is None:
            nearest = len(groups)
            groups.append(TextGroup())
        groups[nearest].join(member, lemmas)
        for lemma in lemmas:
            having[lemma][nearest] = having[lemma].get(nearest, 0) + 1
    return sorted(groups, key=lambda group: -len(group.members))


def _nearest(
    groups: Sequence[TextGroup[Member]],
    having: Mapping[str, Mapping[int, int]],
    lemmas: frozenset[str],
    near_enough: float,
) -> int | None:
    """The group with the greatest cosine to a text (each lemma once; in a group as often as its texts have it).

    Of groups as near the first. What shares only a few of a text's commonest lemmas is never near enough (Cauchy and
    Schwarz), so those lemmas open no candidates: they have the most groups and would cost the most.
    """
    shared: dict[int, int] = {}
    rarest_first = sorted(lemmas, key=lambda lemma: (len(having.get(lemma, ())), lemma))
    for done, lemma in enumerate(rarest_first):
        times = having.get(lemma, {})
        if sqrt((len(lemmas) - done) / len(lemmas)) < near_enough:
            for place in shared:
                shared[place] += times.get(place, 0)
        else:
            for place, count in times.items():
                shared[place] = shared.get(place, 0) + count
    best = max(shared.items(), key=lambda one: (one[1] ** 2 / groups[one[0]].length, -one[0]), default=None)
    if best is None or compute_similarity(best[1], groups[best[0]].length, len(lemmas)) < near_enough:
        return None
    return best[0]
