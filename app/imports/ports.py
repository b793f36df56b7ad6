"""What a domain implements so that its tables can be imported."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

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


class Importer(Protocol):
    """One kind of table."""

    @property
    def kind(self) -> str:
        """Its key, stored with each import."""

    def header_faults(self, headers: Sequence[str]) -> list[Fault]:
        """What is wrong with the headers; the answer to the upload tells it at once."""

    async def check(self, session: AsyncSession, rows: Sequence[SheetRow], by: Principal) -> list[Verdict]:
        """A verdict on each row (at most 500 come at a time), changing nothing."""

    async def apply(self, session: AsyncSession, rows: Sequence[SheetRow], by: Principal) -> list[Verdict]:
        """Check once more and change; a row with faults changes nothing. All calls of an import are one transaction."""
