"""Request and response bodies of one-time links."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schemas import Input, Output, example
from app.core.types import Day, Id, Key


class LinksCreate(Input):
    """One-time links to a form of an organization."""

    form: Key
    organization_id: Id | None = Field(None, description="The organization; the ministry by default.")
    count: Annotated[int, Field(strict=True, ge=1, le=500)]
    expires_on: Day | None = Field(
        None, description="The last day of validity, within a year; 30 days from today by default."
    )
    came_from_point_id: Id | None = Field(
        None, description="The approved interaction point where the links are handed out."
    )
    model_config = example({"form": "information-access", "count": 3})


class LinksRead(Output):
    """New links, returned only once: the service stores only their hashes."""

    form: str
    organization_id: UUID
    count: int
    expires_on: date
    links: list[str] | None
