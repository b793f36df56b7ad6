"""Request and response schemas of legal acts."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.schemas import NOT_GIVEN, Input, Output, example
from app.core.types import LINE, Day, Label, Name
from app.legal_acts.rules import LegalActKind

ActTitle = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=LINE)]


class LegalActCreate(Input):
    """A new legal act."""

    kind: LegalActKind
    number: Label
    signed_on: Day
    title: ActTitle
    issuer: Name | None = None
    model_config = example(
        {"kind": "order", "number": "31", "signed_on": "2026-03-02", "title": "О внесении изменений в перечень точек"}
    )


class LegalActPatch(Input):
    """Changes to a legal act; `closed_on` is the last day on which it is in force."""

    title: ActTitle = NOT_GIVEN
    issuer: Name | None = NOT_GIVEN
    closed_on: Day | None = NOT_GIVEN
    model_config = example({"closed_on": "2027-01-01"})


class LegalActRead(Output):
    """A legal act."""

    id: UUID
    kind: LegalActKind
    number: str
    signed_on: date
    title: str
    short_title: str = Field(description="Kind, date and number in Russian, such as «Приказ от 15.02.2024 № 27».")
    issuer: str | None
    closed_on: date | None = Field(description="The last day on which the act is in force.")
