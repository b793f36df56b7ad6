"""The rows of a unit that a caller may see."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from app.core.security import Principal


def is_own(unit_id: Any, by: Principal) -> ColumnElement[bool]:
    """Match the rows of the caller's unit; none if the caller has no unit."""
    return sa.false() if by.unit_id is None else unit_id == by.unit_id


def is_monitored(unit_id: Any, by: Principal) -> ColumnElement[bool]:
    """Match the rows of the caller's unit, or all for a caller who monitors all units."""
    return sa.true() if by.may("monitoring:all_units") else is_own(unit_id, by)
