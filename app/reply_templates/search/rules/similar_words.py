"""Similarly spelled words, found by their letter trigrams."""

from collections import Counter, defaultdict

_MIN_LENGTH = 4


class SimilarWords:
    """A set of words that finds those spelled like a given one, such as a misspelled one."""

    def __init__(self, min_similarity: float) -> None:
        """Take the minimum similarity of two spellings, from 0 to 1."""
        self._min_similarity = min_similarity
        self._words_by_trigram: dict[str, set[str]] = defaultdict(set)
        self._found: dict[str, list[tuple[str, float]]] = {}

    def add(self, word: str) -> None:
        """Add a word."""
        self._found.clear()
        for trigram in _split_trigrams(word):
            self._words_by_trigram[trigram].add(word)

    def remove(self, word: str) -> None:
        """Remove a word."""
        self._found.clear()
        for trigram in _split_trigrams(word):
            self._words_by_trigram[trigram].discard(word)

    def find(self, word: str) -> list[tuple[str, float]]:
        """Return the other words that are similar to a word, with their similarity; none for a short word."""
        if len(word) < _MIN_LENGTH:
            return []
        if word not in self._found:
            trigrams = _split_trigrams(word)
            shared: Counter[str] = Counter()
            for trigram in trigrams:
                shared.update(self._words_by_trigram.get(trigram, ()))
            del shared[word]
            similar = [(other, 2 * times / (len(trigrams) + len(other))) for other, times in shared.items()]
            self._found[word] = [one for one in similar if one[1] >= self._min_similarity]
        return self._found[word]


def _split_trigrams(word: str) -> set[str]:
    """Return the letter trigrams of a word with its ends marked."""
    marked = f"^{word}$"
    return {marked[place : place + 3] for place in range(len(marked) - 2)}
