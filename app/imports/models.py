"""Tables of imports and of their staged rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, enum_column, json_column
from app.imports.rules import ImportState


class Import(VersionedTable, table=True):
    """A table that somebody handed in, and what became of it."""

    __tablename__ = "imports"

    kind: str = Field(max_length=64)
    """What is imported: the key of an importer."""
    state: ImportState = Field(sa_column=enum_column(ImportState, index=True))
    is_dry_run: bool
    is_partial: bool
    asked_by_kind: str = Field(max_length=20)
    asked_by: UUID = Field(index=True)
    roles: list[str] = Field(sa_column=json_column())
    """The roles of the one who asked, at that moment: the work is done, and recorded, in their name."""
    unit_id: UUID | None = None
    organization_id: UUID | None = None
    created_at: datetime
    finished_at: datetime | None = None
    columns: list[str] = Field(sa_column=json_column())
    """The headers, in the order of the file."""
    parameters: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    """What the operation was told beside the table, for the importer."""
    rows_total: int
    rows_done: int = Field(default=0)
    faults: list[dict[str, Any]] = Field(sa_column=json_column())
    """The first 500; `faults_total` counts all."""
    faults_total: int = Field(default=0)
    created: int = Field(default=0)
    changed: int = Field(default=0)
    unchanged: int = Field(default=0)


class StagedRow(Table, table=True):
    """A staged row. It comes before its import, chunk by chunk, hence no foreign key; it goes when that is finished."""

    __tablename__ = "import_rows"
    __table_args__ = (
        sa.UniqueConstraint("import_id", "number", name="uq_import_rows_number"),
        sa.Index("ix_import_rows_identity", "import_id", "identity"),
    )

    import_id: UUID
    number: int
    """The row as the spreadsheet numbers it: the headers are row 1."""
    data: dict[str, str] = Field(sa_column=json_column())
    identity: str | None = Field(default=None, max_length=64)
    """A digest of what the row is about: two rows about one thing are a fault."""
    staged_at: datetime = Field(index=True)
