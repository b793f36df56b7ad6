"""Compare two versions word by word and describe the difference in Russian (O-6.2.6)."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORDS = re.compile(r"\s*\{[^{}]*\}|\s*\w+(?:-\w+)*|\s*[^\w\s]|\s+")
_SENTENCES = re.compile(r"[^.!?\n]*[.!?\n]+\s*|[^.!?\n]+\Z")
MAX_PAIRS = 20_000
"""The limit on pairs of equal words; beyond it the comparison would be too slow."""


class PartKind(StrEnum):
    """What happened to a part of the text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a comparison; the parts without the added ones form the old text, without the removed ones the new."""

    kind: PartKind
    text: str


def compare(old: str, new: str) -> list[Part]:
    """Compare two texts by words, or by sentences if words repeat too often; return the parts in order."""
    for pattern in (_WORDS, _SENTENCES):
        before, after = pattern.findall(old), pattern.findall(new)
        head = _count_common(before, after)
        tail = _count_common(before[head:][::-1], after[head:][::-1])
        middle = before[head : len(before) - tail], after[head : len(after) - tail]
        if _count_pairs(*middle) <= MAX_PAIRS:
            same_tail = [(PartKind.SAME, token) for token in before[len(before) - tail :]]
            return _merge_parts(
                [*((PartKind.SAME, token) for token in before[:head]), *_match_tokens(*middle), *same_tail]
            )
    return _merge_parts([(PartKind.REMOVED, old), (PartKind.ADDED, new)])


def readable(parts: Sequence[Part]) -> str:
    """Return the parts as one text with removals as «[было: …]» and additions as «[стало: …]»."""
    words = {PartKind.REMOVED: "было", PartKind.ADDED: "стало"}
    text = ""
    for part in parts:
        if part.kind is PartKind.SAME:
            text += part.text
            continue
        inside = part.text.strip()
        before = part.text[: len(part.text) - len(part.text.lstrip())] if inside else ""
        blank = "перенос строки" if "\n" in part.text else "пробел"
        text += f"{before}[{words[part.kind]}: {inside or blank}]"
    return text


def added_and_removed(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the items added to and removed from a list, ignoring order."""
    before, after = Counter(old), Counter(new)
    return list((after - before).elements()), list((before - after).elements())


def _count_common(one: Sequence[str], other: Sequence[str]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _count_pairs(before: Sequence[str], after: Sequence[str]) -> int:
    counted = Counter(after)
    return sum(counted[token] for token in before)


def _match_tokens(before: Sequence[str], after: Sequence[str]) -> list[tuple[PartKind, str]]:
    tokens: list[tuple[PartKind, str]] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            tokens += [(PartKind.SAME, token) for token in before[i1:i2]]
        else:
            tokens += [(PartKind.REMOVED, token) for token in before[i1:i2]]
            tokens += [(PartKind.ADDED, token) for token in after[j1:j2]]
    return tokens


def _merge_parts(tokens: Sequence[tuple[PartKind, str]]) -> list[Part]:
    parts: list[Part] = []
    for kind, text in tokens:
        if parts and parts[-1].kind is kind:
            parts[-1] = Part(kind, parts[-1].text + text)
        elif text:
            parts.append(Part(kind, text))
    return parts
