"""Base classes of request bodies and responses."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, PlainSerializer

from app.core.clock import LOCAL_ZONE


class Input(BaseModel):
    """The base class of request bodies. Unknown fields are rejected, so that typing errors are reported."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EmptyBody(Input):
    """A body without fields: `{}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{}]})


class Output(BaseModel):
    """The base class of responses. Fields have no defaults, so that OpenAPI marks all of them as required."""

    model_config = ConfigDict(from_attributes=True, frozen=True, populate_by_name=True)


def format_local(moment: datetime, zone: ZoneInfo = LOCAL_ZONE) -> str:
    """Return a stored moment as RFC 3339 in the organization's time zone."""
    return moment.astimezone(zone).isoformat()


LocalDateTime = Annotated[datetime, PlainSerializer(format_local, return_type=str, when_used="json")]
"""A moment in a response: RFC 3339 with the offset of Asia/Novosibirsk."""


def apply_changes(row: Any, changes: Input) -> list[str]:
    """Apply the fields that a PATCH body sets to a row and return the names of the changed ones."""
    changed = [name for name in changes.model_fields_set if getattr(row, name) != getattr(changes, name)]
    for name in changed:
        setattr(row, name, getattr(changes, name))
    return sorted(changed)


def example(value: Any) -> ConfigDict:
    """Return the model configuration of a body class with its example for OpenAPI."""
    return ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, json_schema_extra={"examples": [value]})
