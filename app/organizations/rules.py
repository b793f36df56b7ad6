"""Kinds of organizations and positions; recognition of municipality names. No I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from app.language.normalization import normalize


class OrganizationKind(StrEnum):
    """The ministry itself, or an organization subordinate to it (O-2.2)."""

    MINISTRY = "ministry"
    SUBORDINATE = "subordinate"


class PositionKind(StrEnum):
    """Kinds of an internal client's position (O-2.3)."""

    CIVIL_SERVANT = "civil_servant"
    OTHER_POSITION = "other_position"


class MunicipalityKind(StrEnum):
    """Kinds of a municipality; the order's «муниципальный район или городской округ» covers all three."""

    MUNICIPAL_OKRUG = "municipal_okrug"
    MUNICIPAL_DISTRICT = "municipal_district"
    URBAN_OKRUG = "urban_okrug"


MAX_CANDIDATES = 6
_TOWN = frozenset({"г", "гор", "город", "городской"})
_DISTRICT = frozenset({"район", "рн", "н"})
_KIND_WORDS = "р п рп пос поселок пгт рабочий го мо мр муниципальный округ обл область"
_KIND = _TOWN | _DISTRICT | frozenset(_KIND_WORDS.split())
_REGION = frozenset({"новосибирской", "новосибирская", "нсо"})


class ApprovalRule(StrEnum):
    """Which replies of a unit need approval before they are sent."""

    ALWAYS = "always"
    WITHOUT_TEMPLATE = "without_template"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality with the names that are recognized."""

    oktmo: str
    name: str
    short_name: str
    is_town: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a name lookup: a municipality, or candidates to choose from, or neither."""

    place: Place | None
    candidates: tuple[Place, ...] = ()


def find_place(typed: str, places: Sequence[Place]) -> Found:
    """Find the municipality by a typed name, ignoring case, ё, «г.», «р-н» and other parts of the full name.

    Only the exact name or all of its distinctive words give a match; a beginning of a name or a misspelling gives
    candidates.
    """
    plain = normalize(typed)
    exact = [p for p in places if plain in (p.oktmo, normalize(p.name), normalize(p.short_name))]
    if len(exact) == 1:
        return Found(exact[0])
    words = set(_split_words(plain))
    own = _select_own_words(plain)
    if not own:
        return Found(None)
    same = [p for p in places if _select_own_words(p.short_name) == own]
    if len(same) > 1 and words & (_TOWN | _DISTRICT):
        same = [p for p in same if p.is_town == bool(words & _TOWN)] or same
    if len(same) == 1:
        return Found(same[0])
    likely = same or [p for p in places if _starts_like(_select_own_words(p.short_name), own)]
    if not likely:
        known = {" ".join(_select_own_words(p.short_name)): p for p in places}
        likely = [known[name] for name in get_close_matches(" ".join(own), known, MAX_CANDIDATES, 0.7)]
    return Found(None, tuple(likely[:MAX_CANDIDATES]))


def _starts_like(words: Sequence[str], typed: Sequence[str]) -> bool:
    """Return whether each typed word begins one of the words."""
    return all(any(word.startswith(part) for word in words) for part in typed)


def _split_words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", normalize(text))


def _select_own_words(name: str) -> list[str]:
    """Return the distinctive words of a name, without those of the municipality's kind and of the region."""
    return [word for word in _split_words(name) if word not in _KIND and word not in _REGION]
