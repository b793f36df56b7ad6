"""API schemas of interaction points."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core import example_ids
from app.core.schemas import NOT_GIVEN, Input, LocalDateTime, Output, example
from app.core.types import Address, ChannelKey, Day, FreeText, Id, Label, Name, Note
from app.interaction_points.rules import Audience, PointAction, PointFormat, PointStatus, RegulationKind


class PointCreate(Input):
    """A new interaction point; it is a draft until approved."""

    name: Name
    format: PointFormat
    channel: ChannelKey
    audience: Audience
    unit_id: Id
    organization_id: Id | None = None
    address: Address | None = None
    is_official_page: bool = Field(default=False, strict=True)
    service: Name | None = None
    working_hours: Name | None = None
    model_config = example(
        {
            "name": "Горячая линия поддержки предпринимателей",
            "format": "offline",
            "channel": "phone",
            "audience": "external",
            "unit_id": example_ids.UNIT,
            "address": "+7 383 000-00-00",
            "working_hours": "пн–пт 9:00–18:00",
        }
    )


class PointPatch(Input):
    """Changes to a point; its status is changed by approve, suspend and withdraw."""

    name: Name = NOT_GIVEN
    format: PointFormat = NOT_GIVEN
    channel: ChannelKey = NOT_GIVEN
    audience: Audience = NOT_GIVEN
    unit_id: Id | None = NOT_GIVEN
    address: Address | None = NOT_GIVEN
    is_official_page: Annotated[bool, Field(strict=True)] = NOT_GIVEN
    service: Name | None = NOT_GIVEN
    working_hours: Name | None = NOT_GIVEN
    model_config = example({"address": "https://vk.com/econom_nso"})


class PointApprove(Input):
    """The approval of a point by a legal act."""

    legal_act_id: Id
    valid_from: Day
    valid_to: Day | None = None
    model_config = example({"legal_act_id": example_ids.LEGAL_ACT, "valid_from": "2026-12-01"})


class PointEnd(Input):
    """The reason and the start day (today by default) of a suspension or withdrawal."""

    reason: Note
    on: Day | None = None
    model_config = example({"reason": "Страница закрыта на время технических работ"})


class RegulationPut(Input):
    """The regulation of a point: a legal act with its clause, or its own text (O-10c)."""

    kind: RegulationKind
    legal_act_id: Id | None = None
    clause: Label | None = None
    text: FreeText | None = None
    model_config = example({"kind": "legal_act", "legal_act_id": example_ids.LEGAL_ACT, "clause": "п. 3", "text": None})


class ApprovalRead(Output):
    """The legal act that approves a point."""

    legal_act_id: UUID
    title: str


class RegulationRead(Output):
    """The regulation of a point (O-10c)."""

    kind: RegulationKind
    legal_act_id: UUID | None
    clause: str | None
    text: str | None


class PointRead(Output):
    """An interaction point (O-2.7)."""

    id: UUID
    name: str
    format: PointFormat
    channel: str
    audience: Audience
    address: str | None
    organization_id: UUID
    unit_id: UUID
    status: PointStatus
    approval: ApprovalRead | None
    valid_from: date | None
    valid_to: date | None
    is_official_page: bool
    regulation: RegulationRead | None
    service: str | None
    working_hours: str | None
    created_at: LocalDateTime
    updated_at: LocalDateTime


class PointStateRead(Output):
    """A status change of a point."""

    status: PointStatus
    effective_on: date
    valid_to: date | None
    legal_act_id: UUID | None
    reason: str | None
    recorded_at: LocalDateTime
    recorded_by: UUID | None


class FieldChangeRead(Output):
    """A changed field with its old and new values, as JSON."""

    field: str
    old: str | bool | None
    new: str | bool | None


class PointChangeRead(Output):
    """An action on a point and the fields it changed."""

    id: UUID
    action: PointAction
    changes: list[FieldChangeRead]
    recorded_at: LocalDateTime
    recorded_by: UUID | None


class ChannelKindCreate(Input):
    """A new channel kind."""

    key: ChannelKey
    name: Name
    is_social: bool = Field(default=False, strict=True)
    model_config = example({"key": "max", "name": "МАКС", "is_social": True})


class ChannelKindRead(Output):
    """A channel kind."""

    key: str
    name: str
    is_social: bool


class CoverageGroupRead(Output):
    """The number of points in force of an organization and channel, and how many have no regulation."""

    organization_id: UUID
    channel: str
    in_force: int
    without_regulation: int


class CoverageRead(Output):
    """The points in force without regulation (O-10c)."""

    on_date: date
    in_force: int
    without_regulation: int
    groups: list[CoverageGroupRead]
    items: list[PointRead]
    next_cursor: str | None
    count: int | None = Field(description="With `with_count=true`: the number of items, counted up to 1,001.")
