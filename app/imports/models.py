"""Tables of imports and of their staged rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from app.core.db import Table, VersionedTable, enum_column, json_column
from app.imports.rules import ImportState


class Import(VersionedTable, table=True):
    """An uploaded table with the state and the report of its import."""

    __tablename__ = "imports"

    kind: str = Field(max_length=64)
    """The kind of the importer."""
    state: ImportState = Field(sa_column=enum_column(ImportState, index=True))
    is_dry_run: bool
    is_partial: bool
    asked_by_kind: str = Field(max_length=20)
    asked_by: UUID = Field(index=True)
    roles: list[str] = Field(sa_column=json_column())
    """The roles of the requester at the time of the request; the import runs and is audited on their behalf."""
    unit_id: UUID | None = None
    organization_id: UUID | None = None
    created_at: datetime
    finished_at: datetime | None = None
    columns: list[str] = Field(sa_column=json_column())
    """The headers, in the order of the file."""
    parameters: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    """Parameters of the request other than the table, passed to the importer."""
    rows_total: int
    rows_done: int = Field(default=0)
    faults: list[dict[str, Any]] = Field(sa_column=json_column())
    """The first 500 row errors; `faults_total` counts all."""
    faults_total: int = Field(default=0)
    created: int = Field(default=0)
    changed: int = Field(default=0)
    unchanged: int = Field(default=0)


class StagedRow(Table, table=True):
    """A staged row, deleted when its import ends. It is written before its import, so there is no foreign key."""

    __tablename__ = "import_rows"
    __table_args__ = (
        sa.UniqueConstraint("import_id", "number", name="uq_import_rows_number"),
        sa.Index("ix_import_rows_identity", "import_id", "identity"),
    )

    import_id: UUID
    number: int
    """The row number as in a spreadsheet: the headers are row 1."""
    data: dict[str, str] = Field(sa_column=json_column())
    identity: str | None = Field(default=None, max_length=64)
    """A digest of the object that the row describes: two rows about the same object are an error."""
    staged_at: datetime = Field(index=True)
