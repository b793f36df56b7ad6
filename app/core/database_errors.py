"""Mapping of database errors to problems, the same for both drivers."""

import re
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

_DISK_FULL = ("disk is full", "disk full", "no space left", "disk i/o error", "could not extend file")


@cache
def _names_by_columns() -> dict[str, str]:
    """Return constraint names by their columns: SQLite reports the columns of a violated unique key, not its name."""
    names: dict[str, str] = {}
    for table in SQLModel.metadata.tables.values():
        keys = [c for c in table.constraints if isinstance(c, sa.UniqueConstraint | sa.PrimaryKeyConstraint)]
        for key in [*keys, *(index for index in table.indexes if index.unique)]:
            names[", ".join(f"{table.name}.{column.name}" for column in key.columns)] = str(key.name)
    return names


@cache
def _problems_by_constraint() -> dict[str, type[Problem]]:
    return {name: problem for problem in list_problem_classes() for name in problem.constraints}


def find_broken_constraint(error: IntegrityError) -> str | None:
    """Return the name of the violated constraint, or None if the database does not report it."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name:
        return str(name)
    text = str(error.orig)
    if match := re.search(r"UNIQUE constraint failed: (?:index '(\w+)'|(.+))$", text):
        return match[1] or _names_by_columns().get(match[2])
    if match := re.search(r"CHECK constraint failed: (\w+)", text):
        return match[1]
    return None


def to_problem(error: SQLAlchemyError) -> Problem:  # noqa: PLR0911  one return for each kind of error
    """Return the problem for a database error: an error in the data or a temporary failure of the service."""
    if isinstance(error, StaleDataError):
        return PreconditionFailed()
    if isinstance(error, IntegrityError):
        name = find_broken_constraint(error)
        problem = _problems_by_constraint().get(name or "")
        if problem is not None:
            return problem()
        if (name or "").startswith("ck_"):
            return ValidationFailed()
        return Conflict() if name else StillReferenced()
    if isinstance(error, DataError):
        return ValidationFailed()
    if isinstance(error, PoolTimeout):
        return Unavailable(1)
    if isinstance(error, DBAPIError):
        text = str(error.orig).lower()
        if any(phrase in text for phrase in _DISK_FULL):
            return OutOfSpace()
        if isinstance(error.orig, OverflowError):
            return ValidationFailed()
        return Unavailable()
    return Problem()
