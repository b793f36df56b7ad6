"""Measure the quality and speed of template search against plain BM25. `make bench`.

All parameters (`Tuning`, the thresholds) are tuned on the `dev` split; of the `test` split only the figures printed
here were seen. The threshold of each method is the lowest at which 80 % of the unanswerable messages of `dev` get no
suggestion.
"""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import ceil, log
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from app.core.data_files import load_yaml
from app.language.lemmas import find_words
from app.language.normalization import normalize
from app.reply_templates import reference
from app.reply_templates.search import reference as search_reference
from app.reply_templates.search.rules.index import Index, Source
from app.reply_templates.search.rules.synonyms import SynonymKind, Synonyms
from app.reply_templates.search.rules.tokenizer import load_forms
from app.reply_templates.search.rules.tuning import TUNING, Tuning

DATA = Path(__file__).resolve().parents[1] / "tests/reply_templates/data/labelled_messages.yaml"
SILENCE = 0.8
MANY = 5_000
GRAM = 0.15
"""The weight of n-grams relative to lemmas (tuned on `dev`)."""

Ranking = list[tuple[str, float]]
Way = Callable[[str], Ranking]
"""A search method: a text to templates with scores, best first, without a threshold."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with its correct templates; none means that nothing should be suggested."""

    text: str
    answers: frozenset[str]


def messages(split: str) -> list[Labelled]:
    """Load the labelled messages of a split."""
    rows = yaml.safe_load(DATA.read_text("utf-8"))["messages"]
    return [Labelled(row["text"], frozenset(row["answers"])) for row in rows if row["split"] == split]


def sources(*, typical: bool) -> dict[str, Source]:
    """Load the test knowledge base: the templates, optionally with two typical messages of each."""
    rows = yaml.safe_load(DATA.read_text("utf-8"))["templates"]
    examples = {row["key"]: row["typical"] if typical else [] for row in rows}
    demo = load_yaml(reference.__file__, "demo_templates.yaml")["templates"]
    return {row["key"]: Source(row["title"], row["keywords"], examples[row["key"]], row["text"]) for row in demo}


def known_synonyms() -> Synonyms:
    """Load the initial synonyms."""
    raw = load_yaml(search_reference.__file__, "synonyms.yaml")
    return Synonyms.of([(kind, terms) for kind in SynonymKind for terms in raw[kind.value]])


def tokens(text: str) -> list[str]:
    """Return the normalized words of a text."""
    return normalize(" ".join(find_words(text))).split()


def grams(text: str) -> list[str]:
    """Return the n-grams (3 to 5 characters) of each word, including word boundaries."""
    marked = [f" {word} " for word in tokens(text)]
    return [word[at : at + n] for word in marked for n in (3, 4, 5) for at in range(len(word) - n + 1)]


def bm25(base: dict[str, Source], terms: Callable[[str], list[str]]) -> Way:
    """Return plain BM25 (k1 = 1.2, b = 0.75) over all texts of a template as one field."""
    parts = {key: [s.title, *s.keywords, *s.examples, s.text] for key, s in base.items()}
    counts = {key: Counter(term for text in texts for term in terms(text)) for key, texts in parts.items()}
    lengths = {key: sum(count.values()) for key, count in counts.items()}
    usual = sum(lengths.values()) / len(lengths)
    times = Counter(term for count in counts.values() for term in count)

    def way(text: str) -> Ranking:
        scores: dict[str, float] = defaultdict(float)
        for term in set(terms(text)):
            rarity = log(1 + (len(base) - times[term] + 0.5) / (times[term] + 0.5))
            for key, count in counts.items():
                if count[term]:
                    norm = 1.2 * (0.25 + 0.75 * lengths[key] / usual)
                    scores[key] += rarity * count[term] * 2.2 / (count[term] + norm)
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))

    return way


def joined(first: Way, second: Way) -> Way:
    """Combine two methods by a weighted sum; an n-gram weighs little, because a word has many."""

    def way(text: str) -> Ranking:
        scores: dict[str, float] = defaultdict(float)
        for weight, found in ((1.0, first(text)), (GRAM, second(text))):
            for key, score in found:
                scores[key] += weight * score
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))

    return way


def ours(base: dict[str, Source], synonyms: Synonyms, tuning: Tuning = TUNING) -> Way:
    """Return the search index of the service as a method."""
    index = Index(tuning)
    keys = {UUID(int=place): key for place, key in enumerate(base)}
    for template_id, key in keys.items():
        index.put(template_id, base[key])

    def way(text: str) -> Ranking:
        found = index.find(text, keys, synonyms, limit=10, threshold=0.0)
        return [(keys[match.template_id], match.score) for match in found]

    return way


def hits(way: Way, labelled: Iterable[Labelled], most: int, least: float) -> float:
    """Return the share of answerable messages with a correct template among the first `most` over the threshold."""
    answerable = [message for message in labelled if message.answers]
    return sum(
        any(key in message.answers for key, score in way(message.text)[:most] if score >= least)
        for message in answerable
    ) / len(answerable)


def best_scores(way: Way, labelled: Iterable[Labelled]) -> list[float]:
    """Return the sorted best scores of the unanswerable messages."""
    return sorted(
        max((score for _, score in way(message.text)), default=0.0) for message in labelled if not message.answers
    )


def threshold(way: Way, labelled: Sequence[Labelled]) -> float:
    """Return the lowest threshold at which 80 % of the unanswerable messages get no suggestion."""
    scores = best_scores(way, labelled)
    return scores[ceil(len(scores) * SILENCE) - 1] + 1e-9


def silence(way: Way, labelled: Iterable[Labelled], least: float) -> float:
    """Return the share of unanswerable messages that get no suggestion."""
    scores = best_scores(way, labelled)
    return sum(score < least for score in scores) / len(scores)


def ways(base: dict[str, Source]) -> dict[str, Way]:
    """Return the compared search methods by name."""
    lemmas = bm25(base, load_forms)
    known = {
        "tokens": bm25(base, tokens),
        "lemmas": lemmas,
        "lemmas_and_ngrams": joined(lemmas, bm25(base, grams)),
        "ours": ours(base, known_synonyms()),
    }
    return {name: cache(way) for name, way in known.items()}


def judged(split: str = "test") -> dict[str, dict[str, dict[str, float]]]:
    """Return hit@1 and hit@3 without a threshold, then hit@3 and silence at the threshold from `dev`.

    `hit@3_at_80` is at 80 % silence on the evaluated split, `ours_as_served` at the threshold of the service.
    """
    labelled, dev = messages(split), messages("dev")
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name, typical in (("templates_alone", False), ("two_typical_messages", True)):
        figures[name] = {}
        known = ways(sources(typical=typical))
        for way_name, way in known.items():
            least, exact = threshold(way, dev), threshold(way, labelled)
            figures[name][way_name] = {
                "hit@1": round(hits(way, labelled, 1, 0.0), 3),
                "hit@3": round(hits(way, labelled, 3, 0.0), 3),
                "hit@3_held_back": round(hits(way, labelled, 3, least), 3),
                "silence": round(silence(way, labelled, least), 3),
                "hit@3_at_80": round(hits(way, labelled, 3, exact), 3),
            }
        served, way = TUNING.threshold, known["ours"]
        figures[name]["ours_as_served"] = {
            "hit@1": round(hits(way, labelled, 1, served), 3),
            "hit@3": round(hits(way, labelled, 3, served), 3),
            "silence": round(silence(way, labelled, served), 3),
        }
    return figures


def many(count: int) -> dict[UUID, Source]:
    """Generate templates by mixing the words of three templates, each with a unique keyword."""
    base = list(sources(typical=True).values())
    rng = random.Random(5)
    templates = {}
    for number in range(count):
        first, second, third = rng.sample(base, 3)
        text = " ".join([first.text, *rng.sample(second.text.split(), 8), *rng.sample(third.text.split(), 5)])
        keywords = [*first.keywords, *rng.sample(list(second.keywords), 2), f"вариант{number}"]
        templates[UUID(int=number)] = replace(
            first, title=f"{first.title}, случай {number}", keywords=keywords, text=text
        )
    return templates


def speed() -> dict[str, Any]:
    """Measure p50 and p95 of a suggestion (ms) over 5,000 templates, and the cost of building and updating."""
    base, synonyms, texts = many(MANY), known_synonyms(), [message.text for message in messages("dev")]
    load_forms(" ".join(texts))  # the dictionary must be loaded before the measurement
    index = Index()
    started_at = time.perf_counter()
    for template_id, source in base.items():
        index.put(template_id, source)
    build_time = time.perf_counter() - started_at
    started_at = time.perf_counter()
    for template_id in list(base)[:100]:
        index.put(template_id, base[template_id])
    update_time = (time.perf_counter() - started_at) / 100
    figures: dict[str, Any] = {"build_seconds": round(build_time, 2), "put_one_ms": round(update_time * 1000, 2)}
    for name, among in (("all", list(base)), ("unit_of_500", list(base)[:500])):
        for turn in ("first", "again"):
            times = []
            for text in texts:
                started_at = time.perf_counter()
                index.find(text, among, synonyms, limit=5)
                times.append((time.perf_counter() - started_at) * 1000)
            times.sort()
            p50, p95 = (round(times[int(len(times) * share)], 2) for share in (0.5, 0.95))
            figures[f"{name}_{turn}"] = {"p50_ms": p50, "p95_ms": p95}
    return figures


def main() -> None:
    """Print all figures as JSON."""
    print(json.dumps({"judged_on_test": judged(), "speed": speed()}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
