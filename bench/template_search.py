"""How well and how fast templates are found, beside plain BM25. `make bench`.

Everything that is set (the figures of `Tuning`, the threshold) is set on the messages of the split `dev`; of `test`
only the figures printed here were looked at. The threshold of each way is the least that keeps silent on 80 % of what
nothing answers in `dev`.
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
from app.reply_templates.search import reference as finding
from app.reply_templates.search.rules.index import TUNING, Index, Source, Tuning
from app.reply_templates.search.rules.synonyms import SynonymKind, Synonyms
from app.reply_templates.search.rules.tokenizer import load_forms

DATA = Path(__file__).resolve().parents[1] / "tests/reply_templates/data/labelled_messages.yaml"
SILENCE = 0.8
MANY = 5_000
GRAM = 0.15
"""What the n-grams weigh beside the lemmas (set on `dev`)."""

Ranking = list[tuple[str, float]]
Way = Callable[[str], Ranking]
"""A text in, templates with scores out, best first, nothing held back."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with the templates that answer it; none: silence is right."""

    text: str
    answers: frozenset[str]


def messages(split: str) -> list[Labelled]:
    """The labelled messages of a split."""
    told = yaml.safe_load(DATA.read_text("utf-8"))["messages"]
    return [Labelled(one["text"], frozenset(one["answers"])) for one in told if one["split"] == split]


def sources(*, typical: bool) -> dict[str, Source]:
    """The test knowledge base: templates alone, or with the two typical messages of each."""
    told = yaml.safe_load(DATA.read_text("utf-8"))["templates"]
    examples = {one["key"]: one["typical"] if typical else [] for one in told}
    demo = load_yaml(reference.__file__, "demo_templates.yaml")["templates"]
    return {one["key"]: Source(one["title"], one["keywords"], examples[one["key"]], one["text"]) for one in demo}


def known_synonyms() -> Synonyms:
    """The table as it is loaded at first."""
    raw = load_yaml(finding.__file__, "synonyms.yaml")
    return Synonyms.of([(kind, terms) for kind in SynonymKind for terms in raw[kind.value]])


def tokens(text: str) -> list[str]:
    """Words as they are written."""
    return normalize(" ".join(find_words(text))).split()


def grams(text: str) -> list[str]:
    """Runs of three to five letters of each word with its ends."""
    marked = [f" {word} " for word in tokens(text)]
    return [word[at : at + n] for word in marked for n in (3, 4, 5) for at in range(len(word) - n + 1)]


def bm25(base: dict[str, Source], terms: Callable[[str], list[str]]) -> Way:
    """Plain BM25 (k1 = 1.2, b = 0.75) over everything a template says, in one field."""
    parts = {key: [s.title, *s.keywords, *s.examples, s.text] for key, s in base.items()}
    counts = {key: Counter(term for part in told for term in terms(part)) for key, told in parts.items()}
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
        return sorted(scores.items(), key=lambda one: (-one[1], one[0]))

    return way


def joined(first: Way, second: Way) -> Way:
    """Two ways by the sum of their scores; a gram weighs little, for a word has many."""

    def way(text: str) -> Ranking:
        scores: dict[str, float] = defaultdict(float)
        for weight, found in ((1.0, first(text)), (GRAM, second(text))):
            for key, score in found:
                scores[key] += weight * score
        return sorted(scores.items(), key=lambda one: (-one[1], one[0]))

    return way


def ours(base: dict[str, Source], synonyms: Synonyms, tuning: Tuning = TUNING) -> Way:
    """The index of the service."""
    index = Index(tuning)
    keys = {UUID(int=place): key for place, key in enumerate(base)}
    for template_id, key in keys.items():
        index.put(template_id, base[key])

    def way(text: str) -> Ranking:
        found = index.find(text, keys, synonyms, limit=10, threshold=0.0)
        return [(keys[one.template_id], one.score) for one in found]

    return way


def hits(way: Way, told: Iterable[Labelled], most: int, least: float) -> float:
    """The share of answerable messages with a right template among the first `most` that reach the threshold."""
    wanted = [one for one in told if one.answers]
    return sum(
        any(key in one.answers for key, score in way(one.text)[:most] if score >= least) for one in wanted
    ) / len(wanted)


def best_scores(way: Way, told: Iterable[Labelled]) -> list[float]:
    """The best scores of the messages that nothing answers, in order."""
    return sorted(max((score for _, score in way(one.text)), default=0.0) for one in told if not one.answers)


def threshold(way: Way, told: Sequence[Labelled]) -> float:
    """The least threshold that keeps silent on 80 % of what nothing answers."""
    scores = best_scores(way, told)
    return scores[ceil(len(scores) * SILENCE) - 1] + 1e-9


def silence(way: Way, told: Iterable[Labelled], least: float) -> float:
    """The share of what nothing answers on which nothing is offered."""
    scores = best_scores(way, told)
    return sum(score < least for score in scores) / len(scores)


def ways(base: dict[str, Source]) -> dict[str, Way]:
    """Every way that is compared."""
    lemmas = bm25(base, load_forms)
    known = {
        "tokens": bm25(base, tokens),
        "lemmas": lemmas,
        "lemmas_and_ngrams": joined(lemmas, bm25(base, grams)),
        "ours": ours(base, known_synonyms()),
    }
    return {name: cache(way) for name, way in known.items()}


def judged(split: str = "test") -> dict[str, dict[str, dict[str, float]]]:
    """hit@1 and hit@3 with nothing held back, then hit@3 and silence at the threshold that `dev` gives.

    `hit@3_at_80` is at a silence of 80 % of the judged messages, `ours_as_served` at the service's own threshold.
    """
    told, dev = messages(split), messages("dev")
    answer: dict[str, dict[str, dict[str, float]]] = {}
    for name, typical in (("templates_alone", False), ("two_typical_messages", True)):
        answer[name] = {}
        known = ways(sources(typical=typical))
        for way_name, way in known.items():
            least, exact = threshold(way, dev), threshold(way, told)
            answer[name][way_name] = {
                "hit@1": round(hits(way, told, 1, 0.0), 3),
                "hit@3": round(hits(way, told, 3, 0.0), 3),
                "hit@3_held_back": round(hits(way, told, 3, least), 3),
                "silence": round(silence(way, told, least), 3),
                "hit@3_at_80": round(hits(way, told, 3, exact), 3),
            }
        served, way = TUNING.threshold, known["ours"]
        answer[name]["ours_as_served"] = {
            "hit@1": round(hits(way, told, 1, served), 3),
            "hit@3": round(hits(way, told, 3, served), 3),
            "silence": round(silence(way, told, served), 3),
        }
    return answer


def many(count: int) -> dict[UUID, Source]:
    """Templates made by variation: the words of two templates and some of a third, and a number of their own."""
    base = list(sources(typical=True).values())
    chance = random.Random(5)
    made = {}
    for number in range(count):
        one, two, three = chance.sample(base, 3)
        text = " ".join([one.text, *chance.sample(two.text.split(), 8), *chance.sample(three.text.split(), 5)])
        keywords = [*one.keywords, *chance.sample(list(two.keywords), 2), f"вариант{number}"]
        made[UUID(int=number)] = replace(one, title=f"{one.title}, случай {number}", keywords=keywords, text=text)
    return made


def speed() -> dict[str, Any]:
    """p50 and p95 of a suggestion in milliseconds over 5,000 templates, and what building and following cost."""
    base, synonyms, texts = many(MANY), known_synonyms(), [one.text for one in messages("dev")]
    load_forms(" ".join(texts))  # the dictionary is loaded before the clock runs
    index = Index()
    began = time.perf_counter()
    for template_id, source in base.items():
        index.put(template_id, source)
    built = time.perf_counter() - began
    began = time.perf_counter()
    for template_id in list(base)[:100]:
        index.put(template_id, base[template_id])
    followed = (time.perf_counter() - began) / 100
    answer: dict[str, Any] = {"build_seconds": round(built, 2), "put_one_ms": round(followed * 1000, 2)}
    for name, among in (("all", list(base)), ("unit_of_500", list(base)[:500])):
        for turn in ("first", "again"):
            taken = []
            for text in texts:
                began = time.perf_counter()
                index.find(text, among, synonyms, limit=5)
                taken.append((time.perf_counter() - began) * 1000)
            taken.sort()
            p50, p95 = (round(taken[int(len(taken) * share)], 2) for share in (0.5, 0.95))
            answer[f"{name}_{turn}"] = {"p50_ms": p50, "p95_ms": p95}
    return answer


def main() -> None:
    """Print everything."""
    print(json.dumps({"judged_on_test": judged(), "speed": speed()}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
