"""The index that ranks templates: BM25 over dictionary forms, joined with likeness of letters, and what was chosen.

Nothing in it knows who may see what: every question names the templates that it is about, and all figures (how rare a
word is, how many templates there are) are of those alone. So a template that the caller may not use has no influence.
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
    """What a template is found by."""

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
    """From 0 to 1: how likely it is that the template answers the text."""
    matched: list[str]
    """The words of the text that speak for it, as they are written there."""
    learned: float
    """What of the score comes from choices: 0 when nothing was learned."""
    chosen: int
    """In how many of the similar messages that are remembered this template was chosen."""
    similar: int
    """How many similar messages are remembered."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """The figures of the ranking. They were set on the labelled messages of the split `dev` only (see bench)."""

    title: float = 1.5
    keywords: float = 3.0
    examples: float = 1.5
    text: float = 1.2
    saturation: float = 1.2
    length: float = 0.45
    usual_length: float = 60.0
    others: float = 50.0
    """So many more templates without the word are supposed, lest a word of a small base seem common."""
    unheard: float = 0.8
    """How much a word that no template has counts against them, as a share of the rarest word."""
    likeness: float = 0.5
    """From this likeness of letters on two words may be one."""
    like: float = 0.6
    """What a word counts where only a similar one stands."""
    bias: float = -6.0
    strength: float = 3.0
    coverage: float = 5.3
    nearness: float = 4.6
    heard: float = 1.2
    peak: float = 1.7
    foreign: float = 2.4
    topic: float = 1.0
    threshold: float = 0.35
    """Below this score nothing is offered: silence beats a wrong template."""
    alike: float = 0.4
    """From this nearness on two messages are similar."""
    doubt: float = 2.0
    """Learning weighs one choice little and many much: chosen / (similar + doubt)."""
    trust: float = 0.7
    """The most that learning can close of the gap to 1."""


TUNING = Tuning()
CHOICES_KEPT = 20
"""Of each template the last so many choices count: old ones leave by number, never by the clock."""
_LOOKED_AT = 30
_SHORTEST_ALIKE = 4
_TELLS_NOTHING = 0.12
"""A word that counts less stands in nearly every template: it tells them apart no more, and costs most."""
_MOST_SIMILAR = 6


@dataclass(slots=True)
class _Document:
    template_id: UUID
    terms: frozenset[str]
    examples: list[frozenset[str]]
    topic_ids: frozenset[str]


@dataclass(slots=True)
class _Query:
    """One question: the templates it is about, the words, and how rare each is among these templates."""

    among: Set[int]
    is_whole: bool
    terms: list[Term]
    rarities: dict[str, float] = field(default_factory=dict)
    masses: dict[str, float] = field(default_factory=dict)
    """Form of a term → how much it can count at most."""
    similar: dict[str, list[tuple[Phrase, float]]] = field(default_factory=dict)
    """Form of a term → words of similar letters that stand in these templates, and what they count."""
    heard: float = 0.0
    """What of that stands anywhere in the templates."""


class Index:
    """Templates by their words. Templates are put in, taken out and asked for by their ids."""

    def __init__(self, tuning: Tuning = TUNING) -> None:
        self._tuning = tuning
        self._numbers: dict[UUID, int] = {}
        self._documents: dict[int, _Document] = {}
        self._postings: dict[str, dict[int, float]] = {}
        self._grams: dict[str, set[str]] = defaultdict(set)
        self._alike: dict[str, list[tuple[str, float]]] = {}
        self._choices: dict[int, list[frozenset[str]]] = {}
        self._chosen_by: dict[str, set[int]] = defaultdict(set)
        self._next = 0

    def __contains__(self, template_id: UUID) -> bool:
        return template_id in self._numbers

    def __len__(self) -> int:
        return len(self._documents)

    def put(self, template_id: UUID, source: Source) -> None:
        """Put a template in, in place of what was known of it; what was learned of it stays."""
        self._take_out(template_id)
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
        norm = tuning.saturation * (1 - tuning.length + tuning.length * length / tuning.usual_length)
        for form, weight in weights.items():
            if form not in self._postings:
                self._postings[form] = {}
                self._alike.clear()
                for gram in _grams(form):
                    self._grams[gram].add(form)
            self._postings[form][number] = weight / (weight + norm)
        near = [frozenset(part) for part in [load_forms(source.title), *examples] if part]
        self._documents[number] = _Document(template_id, frozenset(weights), near, source.topic_ids)

    def drop(self, template_id: UUID) -> None:
        """Take a template out, with everything learned of it."""
        self._take_out(template_id)
        number = self._numbers.pop(template_id, None)
        if number is not None:
            self._forget(number)

    def learn(self, template_id: UUID, choices: Sequence[Collection[str]]) -> None:
        """The messages (their dictionary forms, oldest first) for which a template was chosen, in place of others."""
        number = self._numbers.get(template_id)
        if number is None:
            number = self._numbers[template_id] = self._next
            self._next += 1
        self._forget(number)
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
        """The templates that fit a text best, best first; none below the threshold."""
        numbers = {number for one in among if (number := self._numbers.get(one)) is not None}
        numbers &= self._documents.keys()
        words = _first_words(text)
        query = _Query(numbers, len(numbers) == len(self._documents), synonyms.terms(words))
        sums, peaks, spoke = self._sums(query)
        learned = self._learned(query)
        whole = sum(query.masses.values())
        ranked = self._first(sums)
        found = []
        for number in dict.fromkeys([*ranked, *learned]):
            document = self._documents[number]
            base = self._score(query, document, sums.get(number, 0.0), peaks.get(number, 0.0), whole, topic_id)
            chosen, similar, vote = learned.get(number, (0, 0, 0.0))
            gain = (1 - base) * self._tuning.trust * vote
            matched = [term.written for term in query.terms if number in spoke.get(term.form, ())]
            found.append(Found(document.template_id, round(base + gain, 4), matched, round(gain, 4), chosen, similar))
        least = self._tuning.threshold if threshold is None else threshold
        found = [one for one in found if one.score >= least]
        return sorted(found, key=lambda one: (-one.score, one.template_id))[:limit]

    def _first(self, sums: Mapping[int, float]) -> list[int]:
        """Those with most of the text; of as much those with the lower ids, whatever the order they were put in."""
        least = min(nlargest(_LOOKED_AT, sums.values()), default=0.0)
        some = [number for number, total in sums.items() if total >= least]
        return sorted(some, key=lambda number: (-sums[number], self._documents[number].template_id))[:_LOOKED_AT]

    def _sums(self, query: _Query) -> tuple[dict[int, float], dict[int, float], dict[str, set[int]]]:
        """How much of the text each template speaks of, and which templates each word of it speaks for."""
        sums: dict[int, float] = defaultdict(float)
        peaks: dict[int, float] = {}
        spoke: dict[str, set[int]] = {}
        for term in query.terms:
            best = self._best(query, term)
            spoke[term.form] = set(best)
            for number, weight in best.items():
                sums[number] += weight
                peaks[number] = max(weight, peaks.get(number, 0.0))
        return sums, peaks, spoke

    def _best(self, query: _Query, term: Term) -> dict[int, float]:
        """What a word counts in each template: by its form, a synonym or a word of similar letters."""
        best: dict[int, float] = {}
        mass = 0.0
        query.similar[term.form] = self._similar(query, term)
        for phrase, weight in (*term.alternatives.items(), *query.similar[term.form]):
            share = weight * min(self._rarity(query, form) for form in phrase)
            if share < _TELLS_NOTHING or not (standing := self._standing(query, phrase)):
                continue
            mass = max(mass, share)
            if not best:
                best = {number: share * strength for number, strength in standing.items()}
                continue
            for number, strength in standing.items():
                if share * strength > best.get(number, 0.0):
                    best[number] = share * strength
        query.masses[term.form] = mass or self._tuning.unheard
        query.heard += mass
        return best

    def _similar(self, query: _Query, term: Term) -> list[tuple[Phrase, float]]:
        found: dict[Phrase, float] = {}
        for phrase, weight in term.alternatives.items():
            if len(phrase) == 1 and weight == 1.0:
                for form, likeness in self._words_like(phrase[0]):
                    if self._times(query, form):
                        found[(form,)] = max(found.get((form,), 0.0), likeness * self._tuning.like)
        return sorted(found.items(), key=lambda one: (-one[1], one[0]))[:_MOST_SIMILAR]

    def _standing(self, query: _Query, phrase: Phrase) -> Mapping[int, float]:
        """Where all words of a phrase stand, among the templates asked about, with the weakest word's strength."""
        postings = [self._postings.get(form, {}) for form in phrase]
        if len(postings) == 1 and query.is_whole:
            return postings[0]
        places = set(query.among)
        for posting in sorted(postings, key=len):
            places &= posting.keys()
        return {number: min(posting[number] for posting in postings) for number in places}

    def _rarity(self, query: _Query, form: str) -> float:
        """From 0 (in every template) to 1 (in one): the inverse document frequency, among the templates asked about."""
        if form not in query.rarities:
            times = self._times(query, form)
            count = len(query.among) + self._tuning.others
            query.rarities[form] = log((count + 1) / (times + 0.5)) / log((count + 1) / 0.5)
        return query.rarities[form]

    def _times(self, query: _Query, form: str) -> int:
        posting = self._postings.get(form, {})
        return len(posting) if query.is_whole else len(posting.keys() & query.among)

    def _score(
        self, query: _Query, document: _Document, total: float, peak: float, whole: float, topic_id: str | None
    ) -> float:
        tuning = self._tuning
        if not total or not whole:
            return 0.0
        near = max((self._nearness(query, example, whole) for example in document.examples), default=0.0)
        odds = (
            tuning.bias + tuning.strength * min(total, 3.0) + tuning.coverage * total / whole + tuning.nearness * near
        )
        odds += tuning.heard * query.heard / whole + tuning.peak * peak
        strange = sum(term.is_foreign and term.form not in document.terms for term in query.terms)
        odds -= tuning.foreign * min(strange, 2)
        if topic_id is not None and topic_id in document.topic_ids:
            odds += tuning.topic
        return 1 / (1 + exp(-odds))

    def _nearness(self, query: _Query, other: frozenset[str], whole: float) -> float:
        """How near a text is to the one asked about, from 0 to 1: what both share, of what both hold."""
        shared = 0.0
        for term in query.terms:
            alternatives = (*term.alternatives.items(), *query.similar[term.form])
            standing = [weight for phrase, weight in alternatives if other.issuperset(phrase)]
            if standing:
                shared += max(standing) * query.masses[term.form]
        return 2 * shared / (whole + sum(self._rarity(query, form) for form in other)) if shared else 0.0

    def _learned(self, query: _Query) -> dict[int, tuple[int, int, float]]:
        """Template → choices of it for similar messages, similar messages in all, and its share of their votes."""
        whole = sum(query.masses.values())
        near = {number for term in query.terms for number in self._chosen_by.get(term.form, ())}
        votes: dict[int, list[float]] = {}
        for number in near & set(query.among):
            similar = [self._nearness(query, choice, whole) for choice in self._choices[number]]
            if strong := [one for one in similar if one >= self._tuning.alike]:
                votes[number] = strong
        total = sum(sum(strong) for strong in votes.values())
        count = sum(len(strong) for strong in votes.values())
        return {
            number: (len(strong), count, sum(strong) / (total + self._tuning.doubt)) for number, strong in votes.items()
        }

    def _words_like(self, form: str) -> list[tuple[str, float]]:
        """Words of the templates whose letters are like a word's."""
        if len(form) < _SHORTEST_ALIKE:
            return []
        if form not in self._alike:
            grams = _grams(form)
            shared: Counter[str] = Counter()
            for gram in grams:
                shared.update(self._grams.get(gram, ()))
            del shared[form]
            alike = [(word, 2 * times / (len(grams) + len(word))) for word, times in shared.items()]
            self._alike[form] = [(word, likeness) for word, likeness in alike if likeness >= self._tuning.likeness]
        return self._alike[form]

    def _take_out(self, template_id: UUID) -> None:
        number = self._numbers.get(template_id, -1)
        document = self._documents.pop(number, None)
        if document is None:
            return
        for form in document.terms:
            posting = self._postings[form]
            del posting[number]
            if not posting:
                del self._postings[form]
                for gram in _grams(form):
                    self._grams[gram].discard(form)
        self._alike.clear()

    def _forget(self, number: int) -> None:
        for choice in self._choices.pop(number, ()):
            for form in choice:
                self._chosen_by[form].discard(number)


def _grams(form: str) -> set[str]:
    """The runs of three letters of a word, its ends marked: nearly as many as it has letters."""
    marked = f"^{form}$"
    return {marked[place : place + 3] for place in range(len(marked) - 2)}


def _first_words(text: str) -> list[Word]:
    words: list[Word] = []
    for word in tokenize(text):
        words.append(word)
        if len(words) == MAX_WORDS:
            break
    return words
