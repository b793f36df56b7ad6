"""Constrained types that every schema shares, so that both databases refuse the same values at the door."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, HttpUrl, StringConstraints
from pydantic_core import PydanticCustomError

# C0 and C1 controls but TAB, LF and CR, and lone surrogates (which pydantic refuses by itself) never enter free text.
_FREE = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
_VISIBLE = r"[^\s\x00-\x1f\x7f-\x9f]"
_ONE_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"

FREE_TEXT = rf"^{_FREE}*{_VISIBLE}{_FREE}*$"
LINE = rf"^{_VISIBLE}({_ONE_LINE}*{_VISIBLE})?$"

FreeText = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=FREE_TEXT)]
"""Text of several lines with something visible in it; comes back code point for code point."""
Note = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=FREE_TEXT)]
"""A reason, a summary, a remark."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE)]
"""One line without blanks at its ends: a name, a title."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE)]
"""A short line: a number, a clause, a keyword."""
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""A stable key made of small Latin letters, digits and hyphens."""
ChannelKey = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""The key of a kind of channel; unlike other keys it may hold an underscore (`in_person`, `other_media`)."""
Address = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=LINE)]
"""A web address, a postal address, a telephone number: whatever a channel has."""
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=LINE)]
"""An identifier of another system, compared as it is."""
Search = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=FREE_TEXT)]
"""Words to search for."""
DbInt = Annotated[int, Field(strict=True, ge=0, le=2_147_483_647)]
"""A count or number that every integer column holds."""


Days = Annotated[int, Field(strict=True, ge=1, le=3650)]
"""A period in calendar days, ten years at most."""


def _only_text(value: Any) -> Any:
    # Without this pydantic takes numbers for timestamps, and `true` for a date.
    if isinstance(value, str | date | datetime | UUID):
        return value
    raise PydanticCustomError("string_type", "Input should be a valid string")


FIRST_YEAR, LAST_YEAR = 1900, 2200


def _sound_moment(value: datetime) -> datetime:
    # Compared before the change of zone: year 1 with +14:00 cannot be told in UTC at all.
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("datetime_out_of_range", "Year should be between 1900 and 2200")
    return value.astimezone(UTC)


def _sound_day(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("date_out_of_range", "Year should be between 1900 and 2200")
    return value


def _only_date(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("date_parsing", "Input should be a date YYYY-MM-DD")
    return _only_text(value)


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


def _only_moment(value: Any) -> Any:
    # pydantic also takes a number in a string for a timestamp. The missing offset has a message of its own.
    if isinstance(value, str) and not _RFC_3339.fullmatch(value):
        raise PydanticCustomError("datetime_parsing", "Input should be RFC 3339")
    return _only_text(value)


Moment = Annotated[AwareDatetime, BeforeValidator(_only_moment), AfterValidator(_sound_moment)]
"""RFC 3339 with an offset, years 1900 to 2200; becomes UTC."""
Day = Annotated[date, BeforeValidator(_only_date), AfterValidator(_sound_day)]
"""`YYYY-MM-DD`, years 1900 to 2200."""
Id = Annotated[UUID, BeforeValidator(_only_text)]
"""An identifier of ours."""


def _plain_url(value: Any) -> str:
    url = HttpUrl(value) if isinstance(value, str) else value
    if not isinstance(url, HttpUrl) or url.username or url.password:
        raise PydanticCustomError("url_parsing", "Input should be a web address without a user name")
    return str(value)


WebAddress = Annotated[str, StringConstraints(max_length=1000, pattern=LINE), AfterValidator(_plain_url)]
"""An http(s) address without user name and password, kept as it was given."""
