"""The two base classes of everything the API takes and gives."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, PlainSerializer

from app.core.clock import LOCAL_ZONE


class Input(BaseModel):
    """What a caller sends: unknown fields are refused, so that a typing slip never passes silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EmptyBody(Input):
    """A body without fields: `{}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{}]})


class Output(BaseModel):
    """What a caller gets: no defaults, so that OpenAPI shows every field as always there."""

    model_config = ConfigDict(from_attributes=True, frozen=True, populate_by_name=True)


def format_local(moment: datetime, zone: ZoneInfo = LOCAL_ZONE) -> str:
    """A stored moment as RFC 3339 in the organization's zone."""
    return moment.astimezone(zone).isoformat()


LocalDateTime = Annotated[datetime, PlainSerializer(format_local, return_type=str, when_used="json")]
"""A moment in an answer: RFC 3339 with the offset of Asia/Novosibirsk."""


def apply_changes(row: Any, changes: Input) -> list[str]:
    """Set on a row what a PATCH body really holds; the names of the fields that changed."""
    changed = [name for name in changes.model_fields_set if getattr(row, name) != getattr(changes, name)]
    for name in changed:
        setattr(row, name, getattr(changes, name))
    return sorted(changed)


def example(value: Any) -> ConfigDict:
    """Configuration of a body class with its example for OpenAPI and Swagger UI."""
    return ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, json_schema_extra={"examples": [value]})
