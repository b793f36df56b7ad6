"""Taking a table in: its rows are staged in short transactions, then one queues the import."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.db import Database
from app.core.ids import new_id
from app.core.outbox import emit
from app.core.problems import ValidationFailed
from app.core.security import Principal
from app.documents.tables.reader import ParsedTable
from app.imports.errors import ImportNotFound
from app.imports.events import ImportEnded, ImportQueued
from app.imports.models import Import, StagedRow
from app.imports.ports import BulkImporter, Importable
from app.imports.rules import CHUNK, OPEN, ImportState

ABANDONED_AFTER = timedelta(hours=24)


class Options(Protocol):
    """How an import is to be done."""

    @property
    def dry_run(self) -> bool:
        """Whether it only reports."""

    @property
    def partial(self) -> bool:
        """Whether its sound rows are applied though others are refused."""


def visible_to(by: Principal) -> ColumnElement[bool]:
    """An import is seen by the one who asked for it."""
    return sa.and_(col(Import.asked_by_kind) == by.kind, col(Import.asked_by) == by.id)


async def get_import(session: AsyncSession, import_id: UUID, by: Principal) -> Import:
    """The import of that caller, or `ImportNotFound`."""
    row = (await session.exec(select(Import).where(Import.id == import_id, visible_to(by)))).first()
    if row is None:
        raise ImportNotFound
    return row


async def stage_rows(database: Database, importer: Importable, table: ParsedTable) -> UUID:
    """Stage the rows, 500 a transaction, so that other writers get their turn; the id of the import to come.

    Raises 422 when the headers are not the importer's.
    """
    if faults := importer.header_faults(table.headers):
        raise ValidationFailed(field_errors=faults)
    import_id = new_id()
    for start in range(0, len(table.rows), CHUNK):
        staged = [
            {
                "id": new_id(),
                "import_id": import_id,
                "number": number,
                "data": dict(zip(table.headers, cells, strict=True)),
                "staged_at": clock.now(),
            }
            for number, cells in table.rows[start : start + CHUNK]
        ]
        async with database.transaction() as session:
            await session.exec(sa.insert(StagedRow), params=staged)
    return import_id


async def queue_import(
    session: AsyncSession,
    importer: Importable | BulkImporter,
    import_id: UUID,
    table: ParsedTable,
    options: Options,
    *,
    by: Principal,
    parameters: Mapping[str, str],
) -> Import:
    """Queue an import whose rows are staged."""
    row = Import(
        id=import_id,
        kind=importer.kind,
        state=ImportState.QUEUED,
        is_dry_run=options.dry_run,
        is_partial=options.partial,
        asked_by_kind=by.kind,
        asked_by=by.id,
        roles=sorted(by.roles),
        unit_id=by.unit_id,
        organization_id=by.organization_id,
        created_at=clock.now(),
        columns=table.headers,
        parameters=dict(parameters),
        rows_total=len(table.rows),
        faults=[],
    )
    session.add(row)
    audit.record(session, by, "import.queued", "import", row.id, fields=[importer.kind])
    emit(session, ImportQueued(import_id=row.id))
    await session.flush()  # the answer tells its version
    return row


async def clear_abandoned(database: Database) -> int:
    """Forget rows that no open import waits for, and end imports that a day did not finish; how many rows went."""
    before = clock.now() - ABANDONED_AFTER
    async with database.transaction() as session:
        ended = await session.exec(
            sa.update(Import)
            .where(col(Import.state).in_(OPEN), col(Import.created_at) < before)
            .values(state=ImportState.FAILED, finished_at=clock.now(), version=col(Import.version) + 1)
            .returning(col(Import.id))
        )
        for (import_id,) in ended.all():
            emit(session, ImportEnded(import_id=import_id))
        awaited = sa.select(col(Import.id)).where(col(Import.state).in_(OPEN))
        gone = await session.exec(
            sa.delete(StagedRow).where(col(StagedRow.staged_at) < before, col(StagedRow.import_id).not_in(awaited))
        )
    return int(gone.rowcount)
