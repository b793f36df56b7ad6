"""Find dates in Russian texts: 15.03.2026, 2026-03-15, «15 марта 2026 года», «до 1 апреля»."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)
DATE = (
    r"(?:(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<y>[0-9]{4})"
    r"|(?P<iso>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    rf"|(?P<day>[0-9]{{1,2}})[ \u00a0](?P<month>{'|'.join(MONTHS)})(?:[ \u00a0](?P<year>[0-9]{{4}}))?)"
    r"(?![0-9]|[.,][0-9])"
)
_DATE = re.compile(rf"(?<![0-9.\-/]){DATE}(?:[ \u00a0]?(?:года?|г\.?)(?!\w))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a text, in code points `[start:end]`; `year` is None if the text gives none."""

    start: int
    end: int
    day: int
    month: int
    year: int | None

    def on_or_after(self, base: date) -> date:
        """Return the date; without a year, the first such date on or after `base`."""
        if self.year is not None:
            return date(self.year, self.month, self.day)
        for year in range(base.year, base.year + 9):  # 29 February recurs within eight years
            found = _build_date(year, self.month, self.day)
            if found is not None and found >= base:
                return found
        raise AssertionError("every day of a leap year recurs")


def find_dates(text: str) -> Iterator[FoundDate]:
    """Yield the dates of a text in order; a date that does not exist («31.02.2026») is skipped."""
    for match in _DATE.finditer(text):
        found = to_found_date(match)
        if found is not None:
            yield found


def to_found_date(match: re.Match[str]) -> FoundDate | None:
    """Return the date of a match of a pattern that contains `DATE`, None if the date does not exist."""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
    elif match["d"]:
        year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
    else:
        month, day = MONTHS.index(match["month"].lower()) + 1, int(match["day"])
        year = int(match["year"]) if match["year"] else 0
    if _build_date(year or 2000, month, day) is None:  # 2000 is a leap year, so that «29 февраля» is valid
        return None
    return FoundDate(*match.span(), day, month, year or None)


def _build_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
