"""Base classes of request bodies and responses."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from app.core.clock import LOCAL_ZONE

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CommandT = TypeVar("CommandT", bound="DataclassInstance")


class Input(BaseModel):
    """The base class of request bodies. Unknown fields are rejected, so that typing errors are reported."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def to_command(self, command: type[CommandT], **more: Any) -> CommandT:
        """Return the command of a service with the fields of the body that it has, and `more`."""
        names = [field.name for field in dataclasses.fields(command) if field.name in type(self).model_fields]
        return command(**{name: getattr(self, name) for name in names} | more)

    def changes(self) -> dict[str, Any]:
        """Return the fields that a PATCH body names, with their values."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class _NotGiven:
    """The value of a field that the body does not name."""


NOT_GIVEN: Any = Field(default_factory=_NotGiven)
"""The default of every field of a PATCH body: it has no value and does not appear in the OpenAPI document."""


class EmptyBody(Input):
    """A body without fields: `{}`."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{}]})


class Output(BaseModel):
    """The base class of responses. Fields have no defaults, so that OpenAPI marks all of them as required."""

    model_config = ConfigDict(from_attributes=True, frozen=True, populate_by_name=True)


def format_etag(version: int) -> str:
    """Return a version as a strong entity tag."""
    return f'"{version}"'


def _to_etag(value: Any) -> Any:
    return format_etag(value) if isinstance(value, int) else value


class Summary(BaseModel):
    """A part of list items: the ETag of the whole object, ready for `If-Match`; no item holds nested collections."""

    etag: Annotated[str, BeforeValidator(_to_etag)] = Field(
        validation_alias="version", description="The ETag of the whole object, ready for If-Match."
    )


def format_local(moment: datetime, zone: ZoneInfo = LOCAL_ZONE) -> str:
    """Return a stored moment as RFC 3339 in the organization's time zone."""
    return moment.astimezone(zone).isoformat()


LocalDateTime = Annotated[datetime, PlainSerializer(format_local, return_type=str, when_used="json")]
"""A moment in a response: RFC 3339 with the offset of Asia/Novosibirsk."""


def apply_changes(row: Any, changes: Mapping[str, Any]) -> list[str]:
    """Set fields of a row to new values and return the names of those that changed."""
    changed = [name for name, value in changes.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, changes[name])
    return sorted(changed)


def example(value: Any) -> ConfigDict:
    """Return the model configuration of a body class with its example for OpenAPI."""
    return ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, json_schema_extra={"examples": [value]})
