"""The sources of a form version: their codes, the fixed wording and the comparison of versions."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from app.core.problems import FieldError

MAX_SUFFIX = 999


def number_sources(
    requested: Sequence[tuple[str, int | None]], known: Mapping[str, int]
) -> tuple[list[int], list[FieldError]]:
    """Return the suffixes of a list of sources, and the errors.

    A known key keeps its suffix; a new key gets the requested or the next free one. `requested` holds the keys with the
    requested suffixes, `known` the suffixes of keys in published versions.
    """
    errors: list[FieldError] = []
    holders = {suffix: key for key, suffix in known.items()}
    seen: set[str] = set()
    for place, (key, suffix) in enumerate(requested):
        if key in seen:
            errors.append(
                FieldError(f"/sources/{place}/key", "given_twice", "Источник указан дважды.", "The source is repeated.")
            )
        seen.add(key)
        if suffix is None:
            continue
        if known.get(key, suffix) != suffix:
            ru, en = (
                f"Код источника – {known[key]}, изменить его нельзя.",
                f"The code is {known[key]} and cannot be changed.",
            )
            errors.append(FieldError(f"/sources/{place}/suffix", "suffix_fixed", ru, en))
        elif holders.setdefault(suffix, key) != key:
            ru, en = "Код принадлежит другому источнику.", "The code belongs to another source."
            errors.append(FieldError(f"/sources/{place}/suffix", "suffix_taken", ru, en))
    used = set(holders)
    suffixes: list[int] = []
    for key, suffix in requested:
        number = known.get(key, suffix)
        if number is None:
            number = max(used, default=0) + 1
            if number > MAX_SUFFIX:  # the last suffix is in use: take the first gap
                number = next(one for one in count(1) if one not in used)
            used.add(number)
        suffixes.append(number)
    return suffixes, errors


def find_differences(given: Any, fixed: Any, pointer: str) -> Iterator[str]:
    """Yield a pointer for each difference from the fixed wording; what is empty there may be omitted."""
    if isinstance(given, Mapping) and isinstance(fixed, Mapping):
        for name in [*fixed, *(name for name in given if name not in fixed)]:
            place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in given:
                if fixed[name] not in (None, False, [], {}):
                    yield place
            elif name not in fixed:
                yield place
            else:
                yield from find_differences(given[name], fixed[name], place)
    elif isinstance(given, list) and isinstance(fixed, list) and len(given) == len(fixed):
        for number, (one, other) in enumerate(zip(given, fixed, strict=True)):
            yield from find_differences(one, other, f"{pointer}/{number}")
    elif given != fixed or isinstance(given, bool) != isinstance(fixed, bool):
        yield pointer


def compare_sources(first: Mapping[int, str], second: Mapping[int, str]) -> list[tuple[int, str]]:
    """Compare two lists of wordings by suffix: each suffix is `same`, `reworded`, `added` or `removed`."""
    changes = []
    for suffix in sorted(first.keys() | second.keys()):
        if suffix in first and suffix in second:
            change = "same" if first[suffix] == second[suffix] else "reworded"
        else:
            change = "removed" if suffix in first else "added"
        changes.append((suffix, change))
    return changes
