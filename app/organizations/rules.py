"""Pure rules of organizations and municipalities."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from app.language.normalization import normalize

MAX_CANDIDATES = 6
_TOWN = frozenset({"г", "гор", "город", "городской"})
_DISTRICT = frozenset({"район", "рн", "н"})
_KIND_WORDS = "р п рп пос поселок пгт рабочий го мо мр муниципальный округ обл область"
_KIND = _TOWN | _DISTRICT | frozenset(_KIND_WORDS.split())
_REGION = frozenset({"новосибирской", "новосибирская", "нсо"})


def is_valid_on(valid_from: date | None, valid_to: date | None, on: date) -> bool:
    """Whether something with a validity exists on a day; both ends count, None is open (A-1.11–13)."""
    return (valid_from is None or valid_from <= on) and (valid_to is None or on <= valid_to)


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality as people name it."""

    oktmo: str
    name: str
    short_name: str
    is_town: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a typed name means: a municipality, or those that it may mean, or neither."""

    place: Place | None
    candidates: tuple[Place, ...] = ()


def find_place(typed: str, places: Sequence[Place]) -> Found:
    """The municipality that a person named, whatever the case, ё, «г.», «р-н» and the rest of its full name.

    Only what is the very name, or all of its own words, is taken; what merely begins like it, or has a slip of the
    pen, gives candidates to choose from.
    """
    plain = normalize(typed)
    exact = [p for p in places if plain in (p.oktmo, normalize(p.name), normalize(p.short_name))]
    if len(exact) == 1:
        return Found(exact[0])
    words = set(_words(plain))
    own = _own(plain)
    if not own:
        return Found(None)
    same = [p for p in places if _own(p.short_name) == own]
    if len(same) > 1 and words & (_TOWN | _DISTRICT):
        same = [p for p in same if p.is_town == bool(words & _TOWN)] or same
    if len(same) == 1:
        return Found(same[0])
    likely = same or [p for p in places if all(any(w.startswith(o) for w in _own(p.short_name)) for o in own)]
    if not likely:
        known = {" ".join(_own(p.short_name)): p for p in places}
        likely = [known[name] for name in get_close_matches(" ".join(own), known, MAX_CANDIDATES, 0.7)]
    return Found(None, tuple(likely[:MAX_CANDIDATES]))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", normalize(text))


def _own(name: str) -> list[str]:
    """The words of a name that are its own, without those of its kind and of the region."""
    return [word for word in _words(name) if word not in _KIND and word not in _REGION]
