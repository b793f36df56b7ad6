"""Constrained types shared by all schemas, so that both databases accept the same values."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, HttpUrl, StringConstraints
from pydantic_core import PydanticCustomError

# Free text excludes C0 and C1 controls except TAB, LF and CR; pydantic itself rejects lone surrogates.
_FREE = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
_VISIBLE = r"[^\s\x00-\x1f\x7f-\x9f]"
_ONE_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"

FREE_TEXT = rf"^{_FREE}*{_VISIBLE}{_FREE}*$"
LINE = rf"^{_VISIBLE}({_ONE_LINE}*{_VISIBLE})?$"

FreeText = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=FREE_TEXT)]
"""Multi-line text with at least one visible character; stored code point for code point."""
Note = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=FREE_TEXT)]
"""A reason, a summary, a remark."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE)]
"""One line without leading or trailing spaces: a name, a title."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE)]
"""A short line: a number, a clause, a keyword."""
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""A stable key of lower-case Latin letters, digits and hyphens."""
ChannelKey = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""The key of a channel kind; unlike other keys it may contain underscores (`in_person`, `other_media`)."""
Address = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=LINE)]
"""An address in a channel: a URL, a postal address, a telephone number."""
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=LINE)]
"""An identifier from another system, compared exactly."""
Search = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=FREE_TEXT)]
"""Words to search for."""
DbInt = Annotated[int, Field(strict=True, ge=0, le=2_147_483_647)]
"""A non-negative integer that fits into an integer column."""


Days = Annotated[int, Field(strict=True, ge=1, le=3650)]
"""A number of calendar days, at most ten years."""


def _require_text(value: Any) -> Any:
    # Without this check pydantic accepts numbers as timestamps and `true` as a date.
    if isinstance(value, str | date | datetime | UUID):
        return value
    raise PydanticCustomError("string_type", "Input should be a valid string")


FIRST_YEAR, LAST_YEAR = 1900, 2200


def _validate_moment(value: datetime) -> datetime:
    # Checked before the conversion: year 1 with +14:00 cannot be represented in UTC.
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("datetime_out_of_range", "Year should be between 1900 and 2200")
    return value.astimezone(UTC)


def _validate_day(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("date_out_of_range", "Year should be between 1900 and 2200")
    return value


def _require_date(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("date_parsing", "Input should be a date YYYY-MM-DD")
    return _require_text(value)


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def _require_moment(value: Any) -> Any:
    # pydantic also accepts a numeric string as a timestamp. A missing offset has a message of its own.
    if isinstance(value, str) and not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("datetime_parsing", "Input should be RFC 3339")
    return _require_text(value)


Moment = Annotated[AwareDatetime, BeforeValidator(_require_moment), AfterValidator(_validate_moment)]
"""RFC 3339 with an offset, years 1900 to 2200; converted to UTC."""
Day = Annotated[date, BeforeValidator(_require_date), AfterValidator(_validate_day)]
"""`YYYY-MM-DD`, years 1900 to 2200."""
Id = Annotated[UUID, BeforeValidator(_require_text)]
"""An identifier of this service."""


def _validate_url(value: Any) -> str:
    url = HttpUrl(value) if isinstance(value, str) else value
    if not isinstance(url, HttpUrl) or url.username or url.password:
        raise PydanticCustomError("url_parsing", "Input should be a web address without a user name")
    return str(value)


WebAddress = Annotated[str, StringConstraints(max_length=1000, pattern=LINE), AfterValidator(_validate_url)]
"""An http(s) URL without user name and password, stored as received."""
