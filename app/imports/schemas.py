"""What the API gives about imports."""

from uuid import UUID

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.imports.rules import ImportState


class ImportFaultRead(Output):
    """One thing wrong with a row."""

    row: int = Field(description="As the spreadsheet numbers it: the headers are row 1.")
    column: str | None = Field(description="The header; null when the row as a whole is meant.")
    cell: str | None = Field(description="The cell as spreadsheets name it, such as B17.")
    code: str
    detail: str = Field(description="The reason, in Russian.")


class ImportRead(Output):
    """An import with its report."""

    id: UUID
    kind: str
    state: ImportState
    is_dry_run: bool
    is_partial: bool
    rows_total: int
    rows_done: int = Field(description="How many rows are checked.")
    created: int = Field(description="Rows that created something; in a dry run: would.")
    changed: int
    unchanged: int
    faults: list[ImportFaultRead] = Field(description="The first 500.")
    faults_total: int
    created_at: LocalDateTime
    finished_at: LocalDateTime | None
