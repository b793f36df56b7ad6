"""Interfaces that a domain implements to make its tables importable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import FieldError
from app.core.security import Principal
from app.imports.rules import Outcome


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A row of the table: its spreadsheet number and its cells by header; an empty cell is an empty string."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class CellError:
    """An error in a row: the header of the cell (None for the whole row), a code, and a text in Russian."""

    column: str | None
    code: str
    detail: str


@dataclass(slots=True)
class RowResult:
    """The outcome of a row, expected or actual, or its errors.

    `identity` identifies the object that the row describes; a second row of the file about the same object is an error.
    None turns this check off.
    """

    outcome: Outcome = Outcome.UNCHANGED
    faults: list[CellError] = field(default_factory=list)
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The import that rows belong to: its requester, the time of the request, and its other parameters."""

    import_id: UUID
    by: Principal
    asked_at: datetime
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AdoptedRows:
    """A batch of published rows: the numbers of new and of already known ones, and the last row's number.

    `last` is None when no rows are left.
    """

    created: int
    known: int
    last: int | None


class Importable(Protocol):
    """A kind of table that can be uploaded."""

    @property
    def kind(self) -> str:
        """The importer's key, stored with each import."""

    def header_faults(self, headers: Sequence[str]) -> list[FieldError]:
        """Return the errors of the headers; the response to the upload contains them."""


class Importer(Importable, Protocol):
    """An importer whose rows create or change objects one by one, such as interaction points."""

    async def check(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Check up to 500 rows without changing anything. Returns a result for each row."""

    async def apply(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Check the rows again and apply the valid ones. All calls of an import are in one transaction."""


@runtime_checkable
class BulkImporter(Protocol):
    """An importer of very many new objects: each row is prepared during the check and stays invisible until applied.

    Applying is then a few statements, so that SQLite's single writer is blocked only briefly. The importer finds
    repeated rows itself: the `identity` of its results is ignored.
    """

    @property
    def kind(self) -> str:
        """The importer's key, stored with each import."""

    async def prepare(self, session: AsyncSession, rows: Sequence[ImportedRow], context: Context) -> list[RowResult]:
        """Check up to 500 rows and prepare the valid ones. Returns a result for each row."""

    async def adopt(self, session: AsyncSession, context: Context, after: int) -> AdoptedRows:
        """Publish the next batch of prepared rows; repeating a call has no further effect."""

    async def discard(self, session: AsyncSession, import_id: UUID, at_most: int) -> int:
        """Delete up to `at_most` prepared rows of an import. Returns their number."""
