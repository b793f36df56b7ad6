"""The index that ranks templates: BM25 over dictionary forms, combined with letter similarity and learned choices.

The index does not know access rights: every query names its templates, and all statistics (word rarity, number of
templates) are computed over those alone. A template that the caller may not use has no influence on the ranking.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from heapq import nlargest
from math import exp, log
from uuid import UUID

from app.reply_templates.search.rules.synonyms import Phrase, Synonyms, Term
from app.reply_templates.search.rules.tokenizer import MAX_WORDS, Word, load_forms, tokenize


@dataclass(frozen=True, slots=True)
class Source:
    """The content of a template to index."""

    title: str
    keywords: Sequence[str]
    examples: Sequence[str]
    text: str
    topic_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """A template that fits a text."""

    template_id: UUID
    score: float
    """The likelihood that the template answers the text, from 0 to 1."""
    matched: list[str]
    """The words of the text that match the template, as written."""
    learned: float
    """The part of the score that comes from earlier choices."""
    chosen: int
    """The number of recorded similar messages for which this template was chosen."""
    similar: int
    """The number of recorded similar messages."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Parameters of the ranking, tuned only on the `dev` split of the labelled messages (see bench)."""

    title: float = 1.5
    keywords: float = 3.0
    examples: float = 1.5
    text: float = 1.2
    saturation: float = 1.2
    length: float = 0.45
    typical_length: float = 60.0
    assumed_templates: float = 50.0
    """Smoothing: additional templates assumed to lack the word, so that a word is not common in a small base."""
    unknown_word: float = 0.8
    """The penalty of a word that no template has, as a share of the weight of the rarest word."""
    min_letter_similarity: float = 0.5
    """The minimum letter similarity of two spellings of one word."""
    similar_word: float = 0.6
    """The weight of a word matched only by a similarly spelled one."""
    bias: float = -6.0
    strength: float = 3.0
    coverage: float = 5.3
    example_similarity: float = 4.6
    known_share: float = 1.2
    peak: float = 1.7
    foreign: float = 2.4
    topic: float = 1.0
    threshold: float = 0.35
    """The minimum score of a suggestion."""
    min_message_similarity: float = 0.4
    """The minimum similarity of two similar messages."""
    vote_smoothing: float = 2.0
    """Smoothing of learned votes, so that few choices weigh little: chosen / (similar + vote_smoothing)."""
    max_learned_share: float = 0.7
    """The maximum share of the distance to 1 that learning can add."""


TUNING = Tuning()
CHOICES_KEPT = 20
"""The number of recent choices kept per template; age does not matter."""
_MAX_CANDIDATES = 30
_MIN_SIMILAR_LENGTH = 4
_MIN_WEIGHT = 0.12
"""Words below this weight are in nearly every template; they are slow to score and are skipped."""
_MAX_SIMILAR = 6


@dataclass(slots=True)
class _Document:
    template_id: UUID
    terms: frozenset[str]
    examples: list[frozenset[str]]
    topic_ids: frozenset[str]


@dataclass(slots=True)
class _Query:
    """One query: its templates, its terms, and the rarity of each term among these templates."""

    among: Set[int]
    is_whole: bool
    terms: list[Term]
    rarities: dict[str, float] = field(default_factory=dict)
    masses: dict[str, float] = field(default_factory=dict)
    """Form of a term → its maximum weight."""
    similar: dict[str, list[tuple[Phrase, float]]] = field(default_factory=dict)
    """Form of a term → similarly spelled words in these templates, with their weights."""
    known_weight: float = 0.0
    """The total weight of the terms found in any of the templates."""


class Index:
    """A word index of templates, addressed by template id."""

    def __init__(self, tuning: Tuning = TUNING) -> None:
        self._tuning = tuning
        self._numbers: dict[UUID, int] = {}
        self._documents: dict[int, _Document] = {}
        self._postings: dict[str, dict[int, float]] = {}
        self._grams: dict[str, set[str]] = defaultdict(set)
        self._similar_words: dict[str, list[tuple[str, float]]] = {}
        self._choices: dict[int, list[frozenset[str]]] = {}
        self._chosen_by: dict[str, set[int]] = defaultdict(set)
        self._next = 0

    def __contains__(self, template_id: UUID) -> bool:
        return template_id in self._numbers

    def __len__(self) -> int:
        return len(self._documents)

    def put(self, template_id: UUID, source: Source) -> None:
        """Add or replace a template; its learned choices are kept."""
        self._remove(template_id)
        tuning = self._tuning
        number = self._numbers.get(template_id)
        if number is None:
            number = self._numbers[template_id] = self._next
            self._next += 1
        weights: dict[str, float] = defaultdict(float)
        examples = [load_forms(example) for example in source.examples]
        fields = (
            (tuning.title, [load_forms(source.title)]),
            (tuning.keywords, [load_forms(keyword) for keyword in source.keywords]),
            (tuning.examples, examples),
            (tuning.text, [load_forms(source.text)]),
        )
        length = 0.0
        for weight, parts in fields:
            for form, times in Counter(form for part in parts for form in part).items():
                weights[form] += weight * times**0.5
                length += weight
        norm = tuning.saturation * (1 - tuning.length + tuning.length * length / tuning.typical_length)
        for form, weight in weights.items():
            if form not in self._postings:
                self._postings[form] = {}
                self._similar_words.clear()
                for gram in _split_trigrams(form):
                    self._grams[gram].add(form)
            self._postings[form][number] = weight / (weight + norm)
        near = [frozenset(part) for part in [load_forms(source.title), *examples] if part]
        self._documents[number] = _Document(template_id, frozenset(weights), near, source.topic_ids)

    def drop(self, template_id: UUID) -> None:
        """Remove a template and its learned choices."""
        self._remove(template_id)
        number = self._numbers.pop(template_id, None)
        if number is not None:
            self._forget_choices(number)

    def learn(self, template_id: UUID, choices: Sequence[Collection[str]]) -> None:
        """Replace the learned choices of a template: the dictionary forms of its messages, oldest first."""
        number = self._numbers.get(template_id)
        if number is None:
            number = self._numbers[template_id] = self._next
            self._next += 1
        self._forget_choices(number)
        self._choices[number] = [frozenset(choice) for choice in choices[-CHOICES_KEPT:] if choice]
        for choice in self._choices[number]:
            for form in choice:
                self._chosen_by[form].add(number)

    def find(
        self,
        text: str,
        among: Collection[UUID],
        synonyms: Synonyms,
        *,
        limit: int,
        topic_id: str | None = None,
        threshold: float | None = None,
    ) -> list[Found]:
        """Return the templates that fit a text, best first, without those below the threshold."""
        numbers = {number for one in among if (number := self._numbers.get(one)) is not None}
        numbers &= self._documents.keys()
        words = _take_words(text)
        query = _Query(numbers, len(numbers) == len(self._documents), synonyms.terms(words))
        sums, peaks, matches = self._compute_sums(query)
        learned = self._count_votes(query)
        total_mass = sum(query.masses.values())
        ranked = self._select_candidates(sums)
        found = []
        for number in dict.fromkeys([*ranked, *learned]):
            document = self._documents[number]
            base = self._compute_score(
                query, document, sums.get(number, 0.0), peaks.get(number, 0.0), total_mass, topic_id
            )
            chosen, similar, vote = learned.get(number, (0, 0, 0.0))
            gain = (1 - base) * self._tuning.max_learned_share * vote
            matched = [term.written for term in query.terms if number in matches.get(term.form, ())]
            found.append(Found(document.template_id, round(base + gain, 4), matched, round(gain, 4), chosen, similar))
        least = self._tuning.threshold if threshold is None else threshold
        found = [one for one in found if one.score >= least]
        return sorted(found, key=lambda one: (-one.score, one.template_id))[:limit]

    def _select_candidates(self, sums: Mapping[int, float]) -> list[int]:
        """Return the templates with the highest sums; ties are ordered by id, so the result is deterministic."""
        least = min(nlargest(_MAX_CANDIDATES, sums.values()), default=0.0)
        some = [number for number, total in sums.items() if total >= least]
        return sorted(some, key=lambda number: (-sums[number], self._documents[number].template_id))[:_MAX_CANDIDATES]

    def _compute_sums(self, query: _Query) -> tuple[dict[int, float], dict[int, float], dict[str, set[int]]]:
        """Return the sum and the peak of term weights per template, and the matching templates per term."""
        sums: dict[int, float] = defaultdict(float)
        peaks: dict[int, float] = {}
        matches: dict[str, set[int]] = {}
        for term in query.terms:
            best = self._compute_weights(query, term)
            matches[term.form] = set(best)
            for number, weight in best.items():
                sums[number] += weight
                peaks[number] = max(weight, peaks.get(number, 0.0))
        return sums, peaks, matches

    def _compute_weights(self, query: _Query, term: Term) -> dict[int, float]:
        """Return the weight of a term in each template: by its form, a synonym or a similarly spelled word."""
        best: dict[int, float] = {}
        mass = 0.0
        query.similar[term.form] = self._find_similar_phrases(query, term)
        for phrase, weight in (*term.alternatives.items(), *query.similar[term.form]):
            share = weight * min(self._compute_rarity(query, form) for form in phrase)
            if share < _MIN_WEIGHT or not (strengths := self._find_postings(query, phrase)):
                continue
            mass = max(mass, share)
            if not best:
                best = {number: share * strength for number, strength in strengths.items()}
                continue
            for number, strength in strengths.items():
                if share * strength > best.get(number, 0.0):
                    best[number] = share * strength
        query.masses[term.form] = mass or self._tuning.unknown_word
        query.known_weight += mass
        return best

    def _find_similar_phrases(self, query: _Query, term: Term) -> list[tuple[Phrase, float]]:
        found: dict[Phrase, float] = {}
        for phrase, weight in term.alternatives.items():
            if len(phrase) == 1 and weight == 1.0:
                for form, similarity in self._find_similar_words(phrase[0]):
                    if self._count_templates(query, form):
                        found[(form,)] = max(found.get((form,), 0.0), similarity * self._tuning.similar_word)
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))[:_MAX_SIMILAR]

    def _find_postings(self, query: _Query, phrase: Phrase) -> Mapping[int, float]:
        """Return the queried templates that contain all words of a phrase, with the lowest strength of these words."""
        postings = [self._postings.get(form, {}) for form in phrase]
        if len(postings) == 1 and query.is_whole:
            return postings[0]
        places = set(query.among)
        for posting in sorted(postings, key=len):
            places &= posting.keys()
        return {number: min(posting[number] for posting in postings) for number in places}

    def _compute_rarity(self, query: _Query, form: str) -> float:
        """Return the inverse document frequency among the queried templates: 0 (in all of them) to 1 (in one)."""
        if form not in query.rarities:
            times = self._count_templates(query, form)
            count = len(query.among) + self._tuning.assumed_templates
            query.rarities[form] = log((count + 1) / (times + 0.5)) / log((count + 1) / 0.5)
        return query.rarities[form]

    def _count_templates(self, query: _Query, form: str) -> int:
        posting = self._postings.get(form, {})
        return len(posting) if query.is_whole else len(posting.keys() & query.among)

    def _compute_score(
        self, query: _Query, document: _Document, total: float, peak: float, total_mass: float, topic_id: str | None
    ) -> float:
        tuning = self._tuning
        if not total or not total_mass:
            return 0.0
        near = max((self._compute_similarity(query, example, total_mass) for example in document.examples), default=0.0)
        odds = (
            tuning.bias
            + tuning.strength * min(total, 3.0)
            + tuning.coverage * total / total_mass
            + tuning.example_similarity * near
        )
        odds += tuning.known_share * query.known_weight / total_mass + tuning.peak * peak
        foreign_count = sum(term.is_foreign and term.form not in document.terms for term in query.terms)
        odds -= tuning.foreign * min(foreign_count, 2)
        if topic_id is not None and topic_id in document.topic_ids:
            odds += tuning.topic
        return 1 / (1 + exp(-odds))

    def _compute_similarity(self, query: _Query, other: frozenset[str], total_mass: float) -> float:
        """Return the similarity of a text to the query, from 0 to 1: the shared weight over the total weight."""
        shared = 0.0
        for term in query.terms:
            alternatives = (*term.alternatives.items(), *query.similar[term.form])
            weights = [weight for phrase, weight in alternatives if other.issuperset(phrase)]
            if weights:
                shared += max(weights) * query.masses[term.form]
        return 2 * shared / (total_mass + sum(self._compute_rarity(query, form) for form in other)) if shared else 0.0

    def _count_votes(self, query: _Query) -> dict[int, tuple[int, int, float]]:
        """Return per template: its choices for similar messages, all similar messages, and its share of the votes."""
        total_mass = sum(query.masses.values())
        near = {number for term in query.terms for number in self._chosen_by.get(term.form, ())}
        votes: dict[int, list[float]] = {}
        for number in near & set(query.among):
            similar = [self._compute_similarity(query, choice, total_mass) for choice in self._choices[number]]
            if strong := [one for one in similar if one >= self._tuning.min_message_similarity]:
                votes[number] = strong
        total = sum(sum(strong) for strong in votes.values())
        count = sum(len(strong) for strong in votes.values())
        return {
            number: (len(strong), count, sum(strong) / (total + self._tuning.vote_smoothing))
            for number, strong in votes.items()
        }

    def _find_similar_words(self, form: str) -> list[tuple[str, float]]:
        """Return the similarly spelled words of the templates, with their similarity."""
        if len(form) < _MIN_SIMILAR_LENGTH:
            return []
        if form not in self._similar_words:
            grams = _split_trigrams(form)
            shared: Counter[str] = Counter()
            for gram in grams:
                shared.update(self._grams.get(gram, ()))
            del shared[form]
            similar = [(word, 2 * times / (len(grams) + len(word))) for word, times in shared.items()]
            self._similar_words[form] = [
                (word, similarity) for word, similarity in similar if similarity >= self._tuning.min_letter_similarity
            ]
        return self._similar_words[form]

    def _remove(self, template_id: UUID) -> None:
        number = self._numbers.get(template_id, -1)
        document = self._documents.pop(number, None)
        if document is None:
            return
        for form in document.terms:
            posting = self._postings[form]
            del posting[number]
            if not posting:
                del self._postings[form]
                for gram in _split_trigrams(form):
                    self._grams[gram].discard(form)
        self._similar_words.clear()

    def _forget_choices(self, number: int) -> None:
        for choice in self._choices.pop(number, ()):
            for form in choice:
                self._chosen_by[form].discard(number)


def _split_trigrams(form: str) -> set[str]:
    """Return the letter trigrams of a word with its ends marked."""
    marked = f"^{form}$"
    return {marked[place : place + 3] for place in range(len(marked) - 2)}


def _take_words(text: str) -> list[Word]:
    words: list[Word] = []
    for word in tokenize(text):
        words.append(word)
        if len(words) == MAX_WORDS:
            break
    return words
