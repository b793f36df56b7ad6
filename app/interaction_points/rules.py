"""Status transitions of an interaction point and the rule of when it is in force (O-2.7, O-3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.core.problems import FieldError
from app.core.transitions import Transitions


class PointFormat(StrEnum):
    """The format of a point (O-2.7)."""

    DIGITAL = "digital"
    OFFLINE = "offline"


class Audience(StrEnum):
    """The clients a point serves (O-2.7)."""

    EXTERNAL = "external"
    INTERNAL = "internal"
    BOTH = "both"


class RegulationKind(StrEnum):
    """The kind of regulation of a point: a legal act with its clause, or its own text (O-10c)."""

    LEGAL_ACT = "legal_act"
    OWN_TEXT = "own_text"


class PointAction(StrEnum):
    """An action on a point."""

    CREATED = "created"
    CHANGED = "changed"
    REGULATED = "regulated"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class PointStatus(StrEnum):
    """The status of a point."""

    DRAFT = "draft"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class PointMove(StrEnum):
    """An action that changes the status of a point."""

    APPROVE = "approve"
    SUSPEND = "suspend"
    WITHDRAW = "withdraw"


_S, _M = PointStatus, PointMove

POINT_TRANSITIONS = Transitions(
    {
        _S.DRAFT: {_M.APPROVE: _S.APPROVED, _M.WITHDRAW: _S.WITHDRAWN},
        # Approving an approved point again changes its act or its validity dates.
        _S.APPROVED: {_M.APPROVE: _S.APPROVED, _M.SUSPEND: _S.SUSPENDED, _M.WITHDRAW: _S.WITHDRAWN},
        _S.SUSPENDED: {_M.APPROVE: _S.APPROVED, _M.WITHDRAW: _S.WITHDRAWN},
        _S.WITHDRAWN: {},
    },
    states_ru={
        "draft": "черновик",
        "approved": "утверждена",
        "suspended": "приостановлена",
        "withdrawn": "отозвана",
    },
    moves_ru={"approve": "утвердить", "suspend": "приостановить", "withdraw": "отозвать"},
)


@dataclass(frozen=True, slots=True)
class PointPeriod:
    """A recorded status of a point, effective from `effective_on` (an approval: until `valid_to`, inclusive)."""

    status: PointStatus
    effective_on: date
    valid_to: date | None = None


def is_in_force(steps: Sequence[PointPeriod], on: date) -> bool:
    """Return whether a point is in force on a day (O-3): the last recorded step effective by the day decides."""
    effective = [step for step in steps if step.effective_on <= on]
    if not effective:
        return False
    last = effective[-1]
    return last.status is PointStatus.APPROVED and (last.valid_to is None or on <= last.valid_to)


def find_approval_errors(valid_from: date, valid_to: date | None) -> list[FieldError]:
    """Return the errors in the validity dates of an approval."""
    if valid_to is None or valid_to >= valid_from:
        return []
    ru, en = "Дата окончания раньше даты начала.", "The end date is before the start date."
    return [FieldError("/valid_to", "dates_reversed", ru, en)]


def find_regulation_errors(kind: RegulationKind, legal_act_id: UUID | None, text: str | None) -> list[FieldError]:
    """Return the fields that are missing or not allowed for the kind of regulation."""
    is_act = kind is RegulationKind.LEGAL_ACT
    ru = "Укажите либо нормативный акт, либо собственный текст — в соответствии с видом регулирования."
    en = "Specify either a legal act or a text, according to the kind of regulation."
    return [
        FieldError(f"/{name}", "regulation_whole", ru, en)
        for name, value, is_required in (("legal_act_id", legal_act_id, is_act), ("text", text, not is_act))
        if (value is not None) is not is_required
    ]
