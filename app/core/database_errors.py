"""What a database failure means to a caller. The two drivers speak differently; here they say the same."""

import re
import sqlite3
from functools import cache

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import SQLModel

from app.core.problems import (
    Conflict,
    OutOfSpace,
    PreconditionFailed,
    Problem,
    StillReferenced,
    Unavailable,
    ValidationFailed,
    list_problem_classes,
)

_FULL = ("disk is full", "disk full", "no space left", "disk i/o error", "could not extend file")


@cache
def _by_columns() -> dict[str, str]:
    """SQLite names the columns of a broken unique key and not the key: the way back."""
    names: dict[str, str] = {}
    for table in SQLModel.metadata.tables.values():
        keys = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint | sa.PrimaryKeyConstraint)]
        for key in [*keys, *(index for index in table.indexes if index.unique)]:
            names[", ".join(f"{table.name}.{column.name}" for column in key.columns)] = str(key.name)
    return names


@cache
def _by_constraint() -> dict[str, type[Problem]]:
    return {name: problem for problem in list_problem_classes() for name in problem.constraints}


def find_broken_constraint(error: IntegrityError) -> str | None:
    """The name of the constraint that refused, where the database tells it."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name:
        return str(name)
    text = str(error.orig)
    if match := re.search(r"UNIQUE constraint failed: (?:index '(\w+)'|(.+))$", text):
        return match[1] or _by_columns().get(match[2])
    if match := re.search(r"CHECK constraint failed: (\w+)", text):
        return match[1]
    return None


def to_problem(error: SQLAlchemyError) -> Problem:  # noqa: PLR0911  one line for each kind of failure
    """The problem that a database failure is: a fact about the data, or a passing weakness of the service."""
    if isinstance(error, StaleDataError):
        return PreconditionFailed()
    if isinstance(error, IntegrityError):
        name = find_broken_constraint(error)
        known = _by_constraint().get(name or "")
        if known is not None:
            return known()
        if (name or "").startswith("ck_"):
            return ValidationFailed()
        return Conflict() if name else StillReferenced()
    if isinstance(error, DataError):
        return ValidationFailed()
    if isinstance(error, PoolTimeout):
        return Unavailable(1)
    if isinstance(error, DBAPIError):
        text = str(error.orig).lower()
        if any(sign in text for sign in _FULL):
            return OutOfSpace()
        if isinstance(error.orig, OverflowError):
            return ValidationFailed()
        return Unavailable()
    return Problem()


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed a moment later (a lock, a lost connection)."""
    return isinstance(error, PoolTimeout | sqlite3.OperationalError) or (
        isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | DataError)
    )
