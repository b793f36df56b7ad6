"""Response schemas of imports."""

from uuid import UUID

from pydantic import Field

from app.core.schemas import LocalDateTime, Output
from app.imports.rules import ImportState


class ImportFaultRead(Output):
    """An error in a row of the table."""

    row: int = Field(description="The row number as in a spreadsheet: the headers are row 1.")
    column: str | None = Field(description="The header of the column; null for an error of the whole row.")
    cell: str | None = Field(description="The spreadsheet name of the cell, such as B17.")
    code: str
    detail: str = Field(description="The reason, in Russian.")


class ImportRead(Output):
    """An import with its progress and report."""

    id: UUID
    kind: str = Field(description="What is imported, such as `interaction_points`.")
    state: ImportState
    is_dry_run: bool
    is_partial: bool
    rows_total: int
    rows_done: int = Field(description="The number of checked rows.")
    created: int = Field(description="The number of rows that created an object, or would in a dry run.")
    changed: int
    unchanged: int
    faults: list[ImportFaultRead] = Field(description="The first 500 errors.")
    faults_total: int = Field(description="The number of all errors.")
    created_at: LocalDateTime
    finished_at: LocalDateTime | None
