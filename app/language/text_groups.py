"""Group texts on the same subject by the lemmas they share.

The result is deterministic: texts are processed in the given order, and each joins the most similar group or starts a
new one. The rarity of a word is ignored, because frequent words are what the texts of a subject have in common.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Generic, TypeVar

NEAR_ENOUGH = 0.4
"""The minimum cosine similarity at which a text joins a group."""


def compute_similarity(shared: int, length: int, lemmas: int) -> float:
    """Return the cosine similarity of a text and a group.

    `shared`: the sum of the group's counts of the text's lemmas; `length`: the squared length of the group;
    `lemmas`: the number of lemmas of the text.
    """
    return shared / sqrt(length * lemmas)


def compute_grown_length(length: int, counts: Iterable[int]) -> int:
    """Return the squared length of a group after a text joins; `counts`: the earlier counts of the text's lemmas."""
    return length + sum(2 * count + 1 for count in counts)


Member = TypeVar("Member", bound=Hashable)


@dataclass(slots=True)
class TextGroup(Generic[Member]):
    """A group of similar texts in the given order, with the number of texts that have each lemma."""

    members: list[Member] = field(default_factory=list)
    lemmas: Counter[str] = field(default_factory=Counter)
    length: int = 0
    """The squared length of the counts, updated with every text."""

    def join(self, member: Member, lemmas: frozenset[str]) -> None:
        """Add a text to the group."""
        self.members.append(member)
        self.length = compute_grown_length(self.length, (self.lemmas[lemma] for lemma in lemmas))
        self.lemmas.update(lemmas)

    def words(self, most: int) -> list[str]:
        """Return the most common lemmas, the most common first."""
        return [lemma for lemma, _ in sorted(self.lemmas.items(), key=lambda item: (-item[1], item[0]))[:most]]


def group_texts(
    texts: Sequence[tuple[Member, frozenset[str]]], near_enough: float = NEAR_ENOUGH
) -> list[TextGroup[Member]]:
    """Return the texts in groups, the largest first, then the earliest. A text without lemmas is left out."""
    groups: list[TextGroup[Member]] = []
    group_counts: dict[str, dict[int, int]] = defaultdict(dict)
    for member, lemmas in texts:
        if not lemmas:
            continue
        nearest = _find_nearest(groups, group_counts, lemmas, near_enough)
        if nearest is None:
            nearest = len(groups)
            groups.append(TextGroup())
        groups[nearest].join(member, lemmas)
        for lemma in lemmas:
            group_counts[lemma][nearest] = group_counts[lemma].get(nearest, 0) + 1
    return sorted(groups, key=lambda group: -len(group.members))


def _find_nearest(
    groups: Sequence[TextGroup[Member]],
    group_counts: Mapping[str, Mapping[int, int]],
    lemmas: frozenset[str],
    near_enough: float,
) -> int | None:
    """Return the group most similar to a text by cosine, the first of equal ones, or None.

    A text counts each lemma once, a group as often as its texts have it. By the Cauchy-Schwarz inequality a group that
    shares only a few of the text's most common lemmas is never similar enough. Those lemmas are therefore not used to
    find candidates, which saves the most work because they occur in the most groups.
    """
    shared: dict[int, int] = {}
    rarest_first = sorted(lemmas, key=lambda lemma: (len(group_counts.get(lemma, ())), lemma))
    for done, lemma in enumerate(rarest_first):
        times = group_counts.get(lemma, {})
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
