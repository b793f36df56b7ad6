"""Use cases of staging: rows of a table are staged in short transactions, then the import is queued."""

from collections.abc import Iterable, Mapping
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
from app.imports.ports import BulkImporter, Importable, Importer
from app.imports.rules import CHUNK, DELETE_BATCH, OPEN, ImportState


class Options(Protocol):
    """The options of an import."""

    @property
    def dry_run(self) -> bool:
        """Whether the import only reports."""

    @property
    def partial(self) -> bool:
        """Whether valid rows are applied even if others are invalid."""


def visible_to(by: Principal) -> ColumnElement[bool]:
    """Build the condition for visible imports: those that the caller requested."""
    return sa.and_(col(Import.asked_by_kind) == by.kind, col(Import.asked_by) == by.id)


async def get_import(session: AsyncSession, import_id: UUID, by: Principal) -> Import:
    """Return an import of the caller. Raises `ImportNotFound`."""
    row = (await session.exec(select(Import).where(Import.id == import_id, visible_to(by)))).first()
    if row is None:
        raise ImportNotFound
    return row


async def stage_rows(database: Database, importer: Importable, table: ParsedTable) -> UUID:
    """Stage the rows, 500 per transaction, so that other writers are not blocked. Returns the id of the future import.

    Raises 422 for headers that the importer does not accept.
    """
    if errors := importer.header_faults(table.headers):
        raise ValidationFailed(field_errors=errors)
    import_id = new_id()
    for start in range(0, len(table.rows), CHUNK):
        rows = [
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
            await session.exec(sa.insert(StagedRow), params=rows)
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
    return row


async def clear_abandoned(session: AsyncSession, *, hours: int) -> int:
    """Fail imports that are open for longer and delete a batch of old rows of no open import. Returns their number."""
    before = clock.now() - timedelta(hours=hours)
    ended = await session.exec(
        sa.update(Import)
        .where(col(Import.state).in_(OPEN), col(Import.created_at) < before)
        .values(state=ImportState.FAILED, finished_at=clock.now(), version=col(Import.version) + 1)
        .returning(col(Import.id))
    )
    for (import_id,) in ended.all():
        emit(session, ImportEnded(import_id=import_id))
    open_ids = sa.select(col(Import.id)).where(col(Import.state).in_(OPEN))
    old = sa.select(col(StagedRow.id)).where(
        col(StagedRow.staged_at) < before, col(StagedRow.import_id).not_in(open_ids)
    )
    deleted = await session.exec(sa.delete(StagedRow).where(col(StagedRow.id).in_(old.limit(DELETE_BATCH))))
    return int(deleted.rowcount)


async def delete_old_imports(session: AsyncSession, importers: Iterable[Importer | BulkImporter], *, days: int) -> int:
    """Delete a batch of the imports that ended more than `days` days ago. Returns their number.

    Objects of a bulk importer name their import, so of these only dry runs are deleted.
    """
    kinds = [importer.kind for importer in importers if not isinstance(importer, BulkImporter)]
    old = sa.select(col(Import.id)).where(
        col(Import.finished_at) < clock.now() - timedelta(days=days),
        sa.or_(col(Import.kind).in_(kinds), col(Import.is_dry_run)),
        ~sa.exists().where(col(StagedRow.import_id) == col(Import.id)),
    )
    deleted = await session.exec(sa.delete(Import).where(col(Import.id).in_(old.limit(DELETE_BATCH))))
    return int(deleted.rowcount)
