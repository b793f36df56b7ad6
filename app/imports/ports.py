"""What a domain implements so that its tables can be imported."""

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
    """A row of the table: its number in the spreadsheet, and its cells by header (an empty cell is an empty string)."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with a row: the header of the cell (None: the row as a whole), a code, and words in Russian."""

    column: str | None
    code: str
    detail: str


@dataclass(slots=True)
class RowResult:
    """What a row would do or did, or why it cannot.

    `identity` names what the row is about; a second row of the same file about it is a fault. None: no such check.
    """

    outcome: Outcome = Outcome.UNCHANGED
    faults: list[CellError] = field(default_factory=list)
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The import that rows belong to: who asked for it, when, and what they told beside the table."""

    import_id: UUID
    by: Principal
    asked_at: datetime
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AdoptedRows:
    """A slice of rows that became visible: how many were new, how many were known before, and the last row's number.

    `last` is None when no row is left.
    """

    created: int
    known: int
    last: int | None


class Importable(Protocol):
    """One kind of table, as far as taking it in needs it."""

    @property
    def kind(self) -> str:
        """Its key, stored with each import."""

    def header_faults(self, headers: Sequence[str]) -> list[FieldError]:
        """What is wrong with the headers; the answer to the upload tells it at once."""


class Importer(Importable, Protocol):
    """A table whose rows are changes of objects that are there, as of the points."""

    async def check(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """A verdict on each row (at most 500 come at a time), changing nothing."""

    async def apply(self, session: AsyncSession, rows: Sequence[ImportedRow], by: Principal) -> list[RowResult]:
        """Check once more and change; a row with faults changes nothing. All calls of an import are one transaction."""


@runtime_checkable
class BulkImporter(Protocol):
    """A table of very many new objects: each row is made ready while it is checked, where nobody sees it.

    So that applying is a few statements, and SQLite's one writer is held for as long as those take. Repeated rows are
    its own matter: the `identity` of its verdicts is not looked at.
    """

    @property
    def kind(self) -> str:
        """Its key, stored with each import."""

    async def prepare(self, session: AsyncSession, rows: Sequence[ImportedRow], context: Context) -> list[RowResult]:
        """A verdict on each row (at most 500 come at a time), making the sound ones ready."""

    async def adopt(self, session: AsyncSession, context: Context, after: int) -> AdoptedRows:
        """Make the next rows that are ready visible; done twice it does nothing more."""

    async def discard(self, session: AsyncSession, import_id: UUID, at_most: int) -> int:
        """Forget up to so many of the rows that were made ready; how many."""
