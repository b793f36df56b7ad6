"""Jobs of an import: rows are checked in chunks, then applied in one transaction.

A bulk importer prepares its rows during the check and publishes them in batches afterwards.

Each step is an outbox job, run in the transaction that marks the job as done. If a worker is killed, its transaction is
rolled back and the step runs again from the beginning.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import Handlers, emit
from app.core.security import Principal
from app.identity.roles import scopes_of
from app.imports.events import ImportChecked, ImportEnded, ImportQueued
from app.imports.models import Import, StagedRow
from app.imports.ports import BulkImporter, CellError, Context, ImportedRow, Importer, RowResult
from app.imports.rules import (
    CHUNK,
    DELETE_BATCH,
    MAX_FAULTS,
    OPEN,
    ImportState,
    Outcome,
    format_cell_name,
    get_unapplied_state,
    is_applied,
)

REPEATED = CellError(None, "repeated_row", "Строка повторяет другую строку файла.")


def handlers(importers: Sequence[Importer | BulkImporter]) -> Handlers:
    """Return the outbox handlers of imports for all importers."""
    jobs = _ImportJobs({importer.kind: importer for importer in importers})
    return {
        ImportQueued: [jobs.check_chunk],
        ImportChecked: [jobs.apply_rows],
        ImportEnded: [jobs.delete_rows],
    }


class _RollBack(Exception):
    """Rolls back the changes of an import."""


@dataclass(slots=True)
class _Report:
    """Outcomes and errors of rows, kept apart from the import's row so that a rollback does not discard them."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    errors: list[tuple[int, CellError]] = field(default_factory=list)

    def add(self, rows: Sequence[StagedRow], results: Sequence[RowResult]) -> None:
        for row, result in zip(rows, results, strict=True):
            self.errors += [(row.number, error) for error in result.faults]
            self.outcomes[result.outcome] += not result.faults


@dataclass(frozen=True, slots=True)
class _ImportJobs:
    importers: Mapping[str, Importer | BulkImporter]

    async def check_chunk(self, session: AsyncSession, event: ImportQueued) -> None:
        """Check the next 500 rows in a short transaction, so that other writers are not blocked."""
        task = await _load_open_import(session, event.import_id)
        if task is None:
            return
        task.state = ImportState.RUNNING
        rows = await _load_next_rows(session, task.id, event.after)
        results = await self._check_rows(session, task, rows)
        report = _Report()
        report.add(rows, results)
        _add_errors(task, report)
        _count_outcomes(task, report, of_all=False)
        task.rows_done += len(rows)
        await _delete_rows(session, [row.id for row, result in zip(rows, results, strict=True) if result.faults])
        if len(rows) == CHUNK:
            emit(session, ImportQueued(import_id=task.id, after=rows[-1].number))
        elif is_applied(task.faults_total, is_dry_run=task.is_dry_run, is_partial=task.is_partial):
            emit(session, ImportChecked(import_id=task.id))
        else:
            await _finish(session, task, get_unapplied_state(is_dry_run=task.is_dry_run))

    async def apply_rows(self, session: AsyncSession, event: ImportChecked) -> None:
        """Apply all valid rows in one transaction; an error rolls all of them back unless the import is partial."""
        task = await _load_open_import(session, event.import_id)
        if task is None:
            return
        importer = self.importers[task.kind]
        if isinstance(importer, BulkImporter):
            await _adopt_batch(session, task, importer, event.after)
            return
        report, is_partial = _Report(), task.is_partial
        try:
            async with session.begin_nested():
                await _apply_all(session, task, importer, report)
                if report.errors and not is_partial:  # the data has changed since the check
                    raise _RollBack
        except _RollBack:
            await session.refresh(task)
        _add_errors(task, report)
        is_rolled_back = bool(report.errors) and not is_partial
        _count_outcomes(task, _Report() if is_rolled_back else report, of_all=True)
        await _finish(session, task, ImportState.FAILED if is_rolled_back else ImportState.DONE)

    async def delete_rows(self, session: AsyncSession, event: ImportEnded) -> None:
        """Delete a batch of the staged rows of an import that has ended, and queue the next batch."""
        import_id = event.import_id
        batch = sa.select(col(StagedRow.id)).where(col(StagedRow.import_id) == import_id).limit(DELETE_BATCH)
        deleted = int((await session.exec(sa.delete(StagedRow).where(col(StagedRow.id).in_(batch)))).rowcount)
        task = await session.get(Import, import_id)
        importer = self.importers.get(task.kind) if task is not None else None
        if isinstance(importer, BulkImporter):
            deleted = max(deleted, await importer.discard(session, import_id, DELETE_BATCH))
        if deleted == DELETE_BATCH:
            emit(session, ImportEnded(import_id=import_id))

    async def _check_rows(self, session: AsyncSession, task: Import, rows: Sequence[StagedRow]) -> list[RowResult]:
        importer, imported_rows = self.importers[task.kind], [_to_imported_row(row) for row in rows]
        if isinstance(importer, BulkImporter):
            return await importer.prepare(session, imported_rows, _build_context(task))
        results = await importer.check(session, imported_rows, _build_requester(task))
        await _refuse_repeated(session, task.id, rows, results)
        return results


async def _apply_all(session: AsyncSession, task: Import, importer: Importer, report: _Report) -> None:
    by, import_id, after = _build_requester(task), task.id, 0
    while rows := await _load_next_rows(session, import_id, after):
        report.add(rows, await importer.apply(session, [_to_imported_row(row) for row in rows], by))
        await session.flush()  # each chunk is written before the next one is loaded
        after = rows[-1].number


async def _adopt_batch(session: AsyncSession, task: Import, importer: BulkImporter, after: int) -> None:
    """Publish a batch of prepared rows and queue the next batch, so that other writers are not blocked."""
    if not after:
        task.created = task.unchanged = 0  # actual counts replace those expected by the check
    adopted = await importer.adopt(session, _build_context(task), after)
    task.created += adopted.created
    task.unchanged += adopted.known
    if adopted.last is None:
        await _finish(session, task, ImportState.DONE)
    else:
        emit(session, ImportChecked(import_id=task.id, after=adopted.last))


def _build_context(task: Import) -> Context:
    return Context(task.id, _build_requester(task), task.created_at, task.parameters)


async def _load_open_import(session: AsyncSession, import_id: UUID) -> Import | None:
    """Load the import of a job, or None if it has already ended."""
    task = await session.get(Import, import_id)
    return task if task is not None and task.state in OPEN else None


async def _load_next_rows(session: AsyncSession, import_id: UUID, after: int) -> list[StagedRow]:
    query = select(StagedRow).where(StagedRow.import_id == import_id, col(StagedRow.number) > after)
    return list((await session.exec(query.order_by(col(StagedRow.number)).limit(CHUNK))).all())


def _to_imported_row(row: StagedRow) -> ImportedRow:
    return ImportedRow(row.number, row.data)


def _build_requester(task: Import) -> Principal:
    """Build the principal of the requester, with their roles at the time of the request."""
    roles = frozenset(task.roles)
    return Principal(
        kind=cast(Literal["employee", "client"], task.asked_by_kind),
        id=task.asked_by,
        username="",
        name="",
        roles=roles,
        scopes=scopes_of(roles),
        unit_id=task.unit_id,
        organization_id=task.organization_id,
    )


async def _refuse_repeated(
    session: AsyncSession, import_id: UUID, rows: Sequence[StagedRow], results: Sequence[RowResult]
) -> None:
    """Add an error to every row that describes the same object as a valid row above it."""
    for row, result in zip(rows, results, strict=True):
        if result.identity is not None and not result.faults:
            row.identity = hashlib.sha256(result.identity.encode()).hexdigest()
    identities = {row.identity for row in rows if row.identity is not None}
    query = select(StagedRow.identity).where(
        StagedRow.import_id == import_id,
        col(StagedRow.number) < (rows[0].number if rows else 0),
        col(StagedRow.identity).in_(identities),
    )
    seen = set((await session.exec(query)).all())
    for row, result in zip(rows, results, strict=True):
        if row.identity is not None and row.identity in seen:
            result.faults.append(REPEATED)
        seen.add(row.identity)


def _add_errors(task: Import, report: _Report) -> None:
    """Add row errors to the import's report; all are counted, the first 500 are stored."""
    errors = [
        {
            "row": number,
            "column": error.column,
            "cell": format_cell_name(task.columns.index(error.column), number)
            if error.column in task.columns
            else None,
            "code": error.code,
            "detail": error.detail,
        }
        for number, error in report.errors
    ]
    task.faults = [*task.faults, *errors][:MAX_FAULTS]
    task.faults_total += len(errors)


def _count_outcomes(task: Import, report: _Report, *, of_all: bool) -> None:
    """Count the outcomes of rows: `of_all` sets the counts, otherwise those of a chunk are added."""
    for outcome in Outcome:
        before = 0 if of_all else getattr(task, outcome.value)
        setattr(task, outcome.value, before + report.outcomes[outcome])


async def _delete_rows(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Delete invalid staged rows, so that only valid ones are left to apply."""
    if ids:
        await session.flush()  # the digests of the chunk are written before some of its rows are deleted
        await session.exec(sa.delete(StagedRow).where(col(StagedRow.id).in_(ids)))


async def _finish(session: AsyncSession, task: Import, state: ImportState) -> None:
    """End an import and queue the deletion of its staged rows; a failed import has applied nothing."""
    task.state, task.finished_at = state, clock.now()
    if state is ImportState.FAILED:
        task.created = task.changed = task.unchanged = 0
    emit(session, ImportEnded(import_id=task.id))
    audit.record(session, _build_requester(task), f"import.{state.value}", "import", task.id, fields=[task.kind])
