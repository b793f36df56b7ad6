"""The index that ranks templates: BM25 over dictionary forms, combined with letter similarity and learned choices.

The index does not know access rights: every query names its templates, and all statistics (word rarity, number of
templates) are computed over those alone. A template that the caller may not use has no influence on the ranking.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import islice
from math import exp, log
from uuid import UUID

from app.reply_templates.search.rules.choices import Choices
from app.reply_templates.search.rules.similar_words import SimilarWords
from app.reply_templates.search.rules.synonyms import Phrase, Synonyms, Term
from app.reply_templates.search.rules.tokenizer import MAX_WORDS, load_forms, tokenize
from app.reply_templates.search.rules.tuning import TUNING, Tuning


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


_MAX_CANDIDATES = 30
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
        self._similar_words = SimilarWords(tuning.min_letter_similarity)
        self._choices = Choices()
        self._next = 0

    def __contains__(self, template_id: UUID) -> bool:
        return template_id in self._numbers

    def __len__(self) -> int:
        return len(self._documents)

    def put(self, template_id: UUID, source: Source) -> None:
        """Add or replace a template; its learned choices are kept."""
        self._remove(template_id)
        tuning, number = self._tuning, self._get_number(template_id)
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
                self._similar_words.add(form)
            self._postings[form][number] = weight / (weight + norm)
        near = [frozenset(part) for part in [load_forms(source.title), *examples] if part]
        self._documents[number] = _Document(template_id, frozenset(weights), near, source.topic_ids)

    def drop(self, template_id: UUID) -> None:
        """Remove a template and its learned choices."""
        self._remove(template_id)
        number = self._numbers.pop(template_id, None)
        if number is not None:
            self._choices.replace(number, ())

    def learn(self, template_id: UUID, choices: Sequence[Collection[str]]) -> None:
        """Replace the learned choices of a template: the dictionary forms of its messages, oldest first."""
        self._choices.replace(self._get_number(template_id), choices)

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
        words = list(islice(tokenize(text), MAX_WORDS))
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
        fitting = (one for one in found if one.score >= least)
        return sorted(fitting, key=lambda one: (-one.score, one.template_id))[:limit]

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
                for form, similarity in self._similar_words.find(phrase[0]):
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
        near = self._choices.find_numbers(term.form for term in query.terms)
        votes: dict[int, list[float]] = {}
        for number in near & set(query.among):
            similar = [self._compute_similarity(query, choice, total_mass) for choice in self._choices.of(number)]
            if strong := [one for one in similar if one >= self._tuning.min_message_similarity]:
                votes[number] = strong
        total = sum(sum(strong) for strong in votes.values())
        count = sum(len(strong) for strong in votes.values())
        return {
            number: (len(strong), count, sum(strong) / (total + self._tuning.vote_smoothing))
            for number, strong in votes.items()
        }

    def _get_number(self, template_id: UUID) -> int:
        """Return the number of a template; a new one gets the next."""
        if template_id not in self._numbers:
            self._numbers[template_id] = self._next
            self._next += 1
        return self._numbers[template_id]

    def _remove(self, template_id: UUID) -> None:
        number = self._numbers.get(template_id, -1)
        document = self._documents.pop(number, None)
        for form in document.terms if document else ():
            posting = self._postings[form]
            del posting[number]
            if not posting:
                del self._postings[form]
                self._similar_words.remove(form)
