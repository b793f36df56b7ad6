"""Request and response schemas of organizations, units, topics and municipalities."""

from datetime import date
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.core import example_ids
from app.core.schemas import NOT_GIVEN, Input, Output, example
from app.core.types import Day, Days, Id, Key, Label, Name
from app.organizations.rules import ApprovalRule, MunicipalityKind, OrganizationKind

Oktmo = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]


def _validate_zone(value: str) -> str:
    if value not in available_timezones():
        raise PydanticCustomError("unknown_zone", "Input should be the name of a time zone")
    return value


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_validate_zone)]
Percent = Annotated[
    int, Field(strict=True, ge=0, le=100, description="Percentage of paper questionnaires that are entered twice.")
]
Keywords = Annotated[list[Label], Field(max_length=50)]


class OrganizationCreate(Input):
    """A new organization."""

    key: Key
    kind: OrganizationKind
    name: Name
    zone: Zone = "Asia/Novosibirsk"
    double_entry_percent: Percent = 0
    opened_on: Day | None = None
    model_config = example(
        {"key": "fond-mikrofinansirovaniya", "kind": "subordinate", "name": "Фонд микрофинансирования"}
    )


class OrganizationPatch(Input):
    """Changes to an organization; `closed_on` closes it."""

    name: Name = NOT_GIVEN
    zone: Zone = NOT_GIVEN
    double_entry_percent: Percent = NOT_GIVEN
    opened_on: Day | None = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"closed_on": "2027-01-01"})


class OrganizationRead(Output):
    """The ministry or a subordinate organization."""

    id: UUID
    key: str
    kind: OrganizationKind
    name: str
    zone: str
    double_entry_percent: int
    opened_on: date | None
    closed_on: date | None


class UnitCreate(Input):
    """A new structural unit."""

    organization_id: Id
    name: Name
    is_client_centricity: bool = Field(default=False, strict=True)
    approval_rule: ApprovalRule = ApprovalRule.ALWAYS
    template_review_days: Days = 180
    opened_on: Day | None = None
    model_config = example({"organization_id": example_ids.MINISTRY, "name": "Отдел поддержки предпринимательства"})


class UnitPatch(Input):
    """Changes to a unit; `closed_on` closes it."""

    name: Name = NOT_GIVEN
    is_client_centricity: Annotated[bool, Field(strict=True)] = NOT_GIVEN
    approval_rule: ApprovalRule = NOT_GIVEN
    template_review_days: Days = NOT_GIVEN
    opened_on: Day | None = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"name": "Отдел поддержки предпринимательства и экспорта"})


class UnitRead(Output):
    """A structural unit."""

    id: UUID
    organization_id: UUID
    name: str
    is_client_centricity: bool
    approval_rule: ApprovalRule = Field(description="Which replies need approval before they are sent.")
    template_review_days: int = Field(
        description="Days from publication or confirmation until a reply template's review is due."
    )
    opened_on: date | None
    closed_on: date | None


class TopicCreate(Input):
    """A new competence topic of a unit."""

    name: Name
    keywords: Keywords = []
    model_config = example({"name": "Льготные займы", "keywords": ["заём", "кредит"]})


class TopicPatch(Input):
    """Changes to a topic; `closed_on` closes it."""

    name: Name = NOT_GIVEN
    keywords: Keywords = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"keywords": ["заём", "займ", "кредит"]})


class TopicRead(Output):
    """A competence topic."""

    id: UUID
    unit_id: UUID
    name: str
    keywords: list[str]
    closed_on: date | None


class MunicipalityCreate(Input):
    """A new municipality."""

    oktmo: Oktmo
    kind: MunicipalityKind
    name: Name
    short_name: Name
    valid_from: Day | None = None
    valid_to: Day | None = None
    successor: Oktmo | None = None
    model_config = example(
        {
            "oktmo": "50515000",
            "kind": "municipal_okrug",
            "name": "Искитимский муниципальный округ Новосибирской области",
            "short_name": "Искитимский",
            "valid_from": "2027-01-01",
        }
    )


class MunicipalityPatch(Input):
    """Changes to a municipality, such as its last day and its successor after a reform."""

    name: Name = NOT_GIVEN
    short_name: Name = NOT_GIVEN
    valid_from: Day | None = NOT_GIVEN
    valid_to: Day | None = NOT_GIVEN
    successor: Oktmo | None = NOT_GIVEN
    model_config = example({"valid_to": "2026-12-31", "successor": "50515000"})


class MunicipalityRead(Output):
    """A municipality with its OKTMO code and validity period."""

    oktmo: str
    kind: MunicipalityKind
    name: str
    short_name: str
    valid_from: date | None = Field(description="The first day of validity; null if it is before the service started.")
    valid_to: date | None = Field(description="The last day of validity; null if there is none.")
    successor: str | None = Field(description="The OKTMO code of the municipality that replaced this one.")
