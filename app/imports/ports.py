"""What a domain implements so that its tables can be imported."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.problems import Fault
from app.core.security import Principal
from app.imports.rules import Outcome


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of the table: its number in the spreadsheet, and its cells by header (an empty cell is an empty string)."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with a row: the header of the cell (None: the row as a whole), a code, and words in Russian."""

    column: str | None
    code: str
    detail: str


@dataclass(slots=True)
class Verdict:
    """What a row would do or did, or why it cannot.

    `identity` names what the row is about; a second row of the same file about it is a fault. None: no such check.
    """

    outcome: Outcome = Outcome.UNCHANGED
    faults: list[CellFault] = field(default_factory=list)
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The import that rows belong to: who asked for it, when, and what they told beside the table."""

    import_id: UUID
    by: Principal
    asked_at: datetime
    parameters: Mapping[str, str]


@dataclass(slots=True)
class Report:
    """Outcomes of sound rows, and faults with the numbers of their rows."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[tuple[int, CellFault]] = field(default_factory=list)

    def add(self, numbers: Sequence[int], verdicts: Sequence[Verdict]) -> None:
        """Take in the verdicts on the rows with these numbers."""
        for number, verdict in zip(numbers, verdicts, strict=True):
            self.faults += [(number, fault) for fault in verdict.faults]
            self.outcomes[verdict.outcome] += not verdict.faults


class Table(Protocol):
    """One kind of table."""

    @property
    def kind(self) -> str:
        """Its key, stored with each import."""

    def header_faults(self, headers: Sequence[str]) -> list[Fault]:
        """What is wrong with the headers; the answer to the upload tells it at once."""


class Importer(Table, Protocol):
    """A table whose rows are changes of objects that are there, as of the points."""

    async def check(self, session: AsyncSession, rows: Sequence[SheetRow], by: Principal) -> list[Verdict]:
        """A verdict on each row (at most 500 come at a time), changing nothing."""

    async def apply(self, session: AsyncSession, rows: Sequence[SheetRow], by: Principal) -> list[Verdict]:
        """Check once more and change; a row with faults changes nothing. All calls of an import are one transaction."""


@runtime_checkable
class BulkImporter(Table, Protocol):
    """A table of very many new objects: each row is made ready while it is checked, where nobody sees it.

    So that applying is a few statements, and SQLite's one writer is held for as long as those take.
    """

    async def prepare(self, session: AsyncSession, rows: Sequence[SheetRow], context: Context) -> list[Verdict]:
        """A verdict on each row (at most 500 come at a time), making the sound ones ready."""

    async def adopt(self, session: AsyncSession, context: Context) -> Report:
        """Make every row that is ready visible. Faults only where something changed since they were checked."""

    async def discard(self, session: AsyncSession, import_id: UUID, at_most: int) -> int:
        """Forget up to so many of the rows that were made ready; how many."""
