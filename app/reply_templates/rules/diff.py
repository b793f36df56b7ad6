"""What changed between two versions, word by word, in words that a person reads (O-6.2.6)."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORDS = re.compile(r"\s*\{[^{}]*\}|\s*\w+(?:-\w+)*|\s*[^\w\s]|\s+")
_SENTENCES = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+\Z")
MAX_PAIRS = 20_000
"""More pairs of equal words than this are not searched for the best match: a text of one word repeated is no task."""


class PartKind(StrEnum):
    """What became of a part of the text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the two texts together; all but the added ones make the old text, all but the removed the new."""

    kind: PartKind
    text: str


def compare(old: str, new: str) -> list[Part]:
    """The parts of two texts in order, compared by words; by sentences where words repeat too often."""
    for pattern in (_WORDS, _SENTENCES):
        before, after = pattern.findall(old), pattern.findall(new)
        head = _common(before, after)
        tail = _common(before[head:][::-1], after[head:][::-1])
        middle = before[head : len(before) - tail], after[head : len(after) - tail]
        if _pairs(*middle) <= MAX_PAIRS:
            same_tail = [(PartKind.SAME, token) for token in before[len(before) - tail :]]
            return _joined([*((PartKind.SAME, token) for token in before[:head]), *_matched(*middle), *same_tail])
    return _joined([(PartKind.REMOVED, old), (PartKind.ADDED, new)])


def readable(parts: Sequence[Part]) -> str:
    """The parts as one text: what went in «[было: …]», what came in «[стало: …]»."""
    words = {PartKind.REMOVED: "было", PartKind.ADDED: "стало"}
    told = ""
    for part in parts:
        if part.kind is PartKind.SAME:
            told += part.text
            continue
        inside = part.text.strip()
        before = part.text[: len(part.text) - len(part.text.lstrip())] if inside else ""
        blank = "перенос строки" if "\n" in part.text else "пробел"
        told += f"{before}[{words[part.kind]}: {inside or blank}]"
    return told


def added_and_removed(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a list has that it had not, and what it had and has no more; the order of a list says nothing."""
    before, after = Counter(old), Counter(new)
    return list((after - before).elements()), list((before - after).elements())


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _pairs(before: Sequence[str], after: Sequence[str]) -> int:
    counted = Counter(after)
    return sum(counted[token] for token in before)


def _matched(before: Sequence[str], after: Sequence[str]) -> list[tuple[PartKind, str]]:
    told: list[tuple[PartKind, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            told += [(PartKind.SAME, token) for token in before[i1:i2]]
        else:
            told += [(PartKind.REMOVED, token) for token in before[i1:i2]]
            told += [(PartKind.ADDED, token) for token in after[j1:j2]]
    return told


def _joined(told: Sequence[tuple[PartKind, str]]) -> list[Part]:
    parts: list[Part] = []
    for kind, text in told:
        if parts and parts[-1].kind is kind:
            parts[-1] = Part(kind, parts[-1].text + text)
        elif text:
            parts.append(Part(kind, text))
    return parts
