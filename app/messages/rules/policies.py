"""Choice of the deadline policies of a message (O-6.2.2)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.core.validity import Validity
from app.messages.rules.deadlines import Stage

CRITERIA = ("point_id", "organization_id", "channel", "priority", "kind", "message_class")
"""The criteria of a policy, the most significant first."""


class Policy(Protocol):
    """A policy; a criterion that is None matches every case."""

    id: UUID
    stage: Stage
    is_target: bool
    valid_from: date | None
    valid_to: date | None


P = TypeVar("P", bound=Policy)


@dataclass(frozen=True, slots=True)
class Case:
    """The properties of a message that policies match."""

    point_id: UUID
    organization_id: UUID
    channel: str
    priority: str
    kind: str
    message_class: str


def is_in_force(policy: Policy, on: date) -> bool:
    """Return whether the policy applies to cases that start on the day; both ends are included."""
    return Validity(policy.valid_from, policy.valid_to).includes(on)


def choose_policy(policies: Iterable[P], case: Case, on: date, kept: Collection[UUID] = ()) -> list[P]:
    """Return the most specific policy for each stage, separately for limits and targets.

    Among equally specific policies the one that came into force later is chosen, then the newer one. Policies that
    apply to the case already (`kept`) come before all others, even if they are no longer in force.
    """
    chosen: dict[tuple[Stage, bool], P] = {}
    for policy in sorted(policies, key=lambda policy: (policy.id in kept, _compute_weight(policy))):
        if (policy.id in kept or is_in_force(policy, on)) and _matches(policy, case):
            chosen[policy.stage, policy.is_target] = policy
    return list(chosen.values())


def _get_criterion(policy: Policy, criterion: str) -> Any:
    return getattr(policy, criterion)


def _matches(policy: Policy, case: Case) -> bool:
    return all(_get_criterion(policy, criterion) in (None, getattr(case, criterion)) for criterion in CRITERIA)


def _compute_weight(policy: Policy) -> tuple[tuple[bool, ...], date, UUID]:
    return (
        tuple(_get_criterion(policy, criterion) is not None for criterion in CRITERIA),
        policy.valid_from or date.min,
        policy.id,
    )
