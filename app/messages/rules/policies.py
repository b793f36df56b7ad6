"""Which deadline policy judges a case (O-6.2.2): of those in force on its day the one that names most."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.messages.rules.deadlines import Stage

TRAITS = ("point_id", "organization_id", "channel", "priority", "kind", "message_class")
"""What a policy may name, the weightiest first."""


class Policy(Protocol):
    """What the choice needs of a policy; a trait that is None fits every case."""

    id: UUID
    stage: Stage
    is_target: bool
    valid_from: date | None
    valid_to: date | None


P = TypeVar("P", bound=Policy)


@dataclass(frozen=True, slots=True)
class Case:
    """The traits of a message that policies look at."""

    point_id: UUID
    organization_id: UUID
    channel: str
    priority: str
    kind: str
    message_class: str


def is_in_force(policy: Policy, on: date) -> bool:
    """Whether the policy judges cases that start on that day; both ends count."""
    return (policy.valid_from is None or policy.valid_from <= on) and (policy.valid_to is None or on <= policy.valid_to)


def choose_policy(policies: Iterable[P], case: Case, on: date, kept: Collection[UUID] = ()) -> list[P]:
    """For each stage, limit and target apart, the policy that fits the case and names most of it.

    Of two that name the same the one that came into force later decides, then the newer one. Those that judge the
    case already (`kept`) go before all others, though they may be in force no more.
    """
    chosen: dict[tuple[Stage, bool], P] = {}
    for policy in sorted(policies, key=lambda one: (one.id in kept, _weight(one))):
        if (policy.id in kept or is_in_force(policy, on)) and _fits(policy, case):
            chosen[policy.stage, policy.is_target] = policy
    return list(chosen.values())


def _named(policy: Policy, trait: str) -> Any:
    return getattr(policy, trait)


def _fits(policy: Policy, case: Case) -> bool:
    return all(_named(policy, trait) in (None, getattr(case, trait)) for trait in TRAITS)


def _weight(policy: Policy) -> tuple[tuple[bool, ...], date, UUID]:
    return tuple(_named(policy, trait) is not None for trait in TRAITS), policy.valid_from or date.min, policy.id
