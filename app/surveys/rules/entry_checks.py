"""The second entry of paper questionnaires: its states, the choice of sheets and the differences (A-1.fn)."""

import hmac
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.core.transitions import Transitions
from app.language.normalization import normalize


class EntryCheckState(StrEnum):
    """The state of an entry check: waiting for the second entry, agreed, or differing until resolved."""

    WAITING = "waiting"
    AGREED = "agreed"
    DIFFERS = "differs"
    RESOLVED = "resolved"


class EntryCheckMove(StrEnum):
    """An action on an entry check."""

    ENTER = "enter_a_second_time"
    RESOLVE = "confirm_the_first_entry"


ENTRY_CHECK_TRANSITIONS: Transitions[EntryCheckState, EntryCheckMove] = Transitions(
    {
        EntryCheckState.WAITING: {EntryCheckMove.ENTER: EntryCheckState.DIFFERS},  # or `agreed`: the answers decide
        EntryCheckState.AGREED: {},
        EntryCheckState.DIFFERS: {EntryCheckMove.RESOLVE: EntryCheckState.RESOLVED},
        EntryCheckState.RESOLVED: {},
    },
    states_ru={
        EntryCheckState.WAITING: "ждёт повторного ввода",
        EntryCheckState.AGREED: "ввод совпал",
        EntryCheckState.DIFFERS: "ввод расходится",
        EntryCheckState.RESOLVED: "расхождение разрешено",
    },
    moves_ru={EntryCheckMove.ENTER: "ввести повторно", EntryCheckMove.RESOLVE: "подтвердить первый ввод"},
)


class Resolution(StrEnum):
    """How differences were resolved: the first entry was right, or the submission was corrected."""

    FIRST_STANDS = "first_stands"
    CORRECTED = "corrected"


class SheetOutcome(StrEnum):
    """The outcome of a sheet; `unchanged`: it was entered before with the same answers."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


def is_chosen(secret: bytes, submission_id: UUID, percent: int) -> bool:
    """Return whether a sheet is selected for a second entry; repeatable, but not predictable without the secret."""
    digest = hmac.new(secret, b"double entry " + submission_id.bytes, sha256).digest()
    return int.from_bytes(digest[:8], "big") * 100 < percent << 64


def find_entry_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the codes that two entries of a sheet differ in; texts are compared ignoring case, ё and spaces."""
    differences = []
    for code in sorted(first.keys() | second.keys(), key=_get_code_order):
        one, other = first.get(code), second.get(code)
        if _normalize_answer(one) != _normalize_answer(other):
            differences.append({"code": code, "first": one, "second": other})
    return differences


def _normalize_answer(answer: Any) -> Any:
    return normalize(answer) if isinstance(answer, str) else answer


def _get_code_order(code: str) -> tuple[bool, list[int]]:
    """Return the sort key of a code: the order of the form, comments last."""
    return code.endswith(".comment"), [int(step) for step in code.removesuffix(".comment").split(".")]
