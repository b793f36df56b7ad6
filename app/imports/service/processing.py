"""Working through an import: rows are checked chunk by chunk, then applied in one transaction.

Rows of a bulk importer are made ready while they are checked, and become visible slice by slice after that.

Each step is a job of the outbox, done in the transaction that marks it done. A worker that is killed leaves the step
to be done again from its beginning; what it had done is gone with its transaction.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.outbox import Event, Handler, emit
from app.core.security import Principal
from app.identity.roles import scopes_of
from app.imports.events import ImportChecked, ImportEnded, ImportQueued
from app.imports.models import Import, StagedRow
from app.imports.ports import BulkImporter, CellError, Context, ImportedRow, Importer, RowResult
from app.imports.rules import (
    CHUNK,
    FORGOTTEN_AT_ONCE,
    MAX_FAULTS,
    OPEN,
    ImportState,
    Outcome,
    format_cell_name,
    is_applied,
    state_without_applying,
)

REPEATED = CellError(None, "repeated_row", "Строка повторяет другую строку файла.")


def handlers(importers: Sequence[Importer | BulkImporter]) -> Mapping[type[Event], Sequence[Handler]]:
    """The jobs of imports, with everything that can be imported."""
    work = _Work({importer.kind: importer for importer in importers})
    return {
        ImportQueued: [work.check_chunk],
        ImportChecked: [work.apply_rows],
        ImportEnded: [work.forget_rows],
    }


class _Undone(Exception):
    """Takes back what an import did up to now."""


@dataclass(slots=True)
class _Report:
    """Outcomes and faults of rows; kept apart from the import's row, which a rollback would take back with the rest."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[tuple[int, CellError]] = field(default_factory=list)

    def add(self, rows: Sequence[StagedRow], verdicts: Sequence[RowResult]) -> None:
        for row, verdict in zip(rows, verdicts, strict=True):
            self.faults += [(row.number, fault) for fault in verdict.faults]
            self.outcomes[verdict.outcome] += not verdict.faults


@dataclass(frozen=True, slots=True)
class _Work:
    importers: Mapping[str, Importer | BulkImporter]

    async def check_chunk(self, session: AsyncSession, payload: Mapping[str, Any]) -> None:
        """Check the next 500 rows; short transactions leave room for other writers."""
        task = await _open_import(session, payload)
        if task is None:
            return
        task.state = ImportState.RUNNING
        rows = await _next_rows(session, task.id, payload["after"])
        verdicts = await self._judge(session, task, rows)
        report = _Report()
        report.add(rows, verdicts)
        _note_faults(task, report)
        _note_outcomes(task, report, of_all=False)
        task.rows_done += len(rows)
        await _drop(session, [row.id for row, verdict in zip(rows, verdicts, strict=True) if verdict.faults])
        if len(rows) == CHUNK:
            emit(session, ImportQueued(import_id=task.id, after=rows[-1].number))
        elif is_applied(task.faults_total, is_dry_run=task.is_dry_run, is_partial=task.is_partial):
            emit(session, ImportChecked(import_id=task.id))
        else:
            await _finish(session, task, state_without_applying(is_dry_run=task.is_dry_run))

    async def apply_rows(self, session: AsyncSession, payload: Mapping[str, Any]) -> None:
        """Apply every row that passed, in this one transaction; all or nothing unless the import is partial."""
        task = await _open_import(session, payload)
        if task is None:
            return
        importer = self.importers[task.kind]
        if isinstance(importer, BulkImporter):
            await _adopt_slice(session, task, importer, payload["after"])
            return
        report, is_partial = _Report(), task.is_partial
        try:
            async with session.begin_nested():
                await _apply_all(session, task, importer, report)
                if report.faults and not is_partial:  # things changed since the check
                    raise _Undone
        except _Undone:
            await session.refresh(task)
        _note_faults(task, report)
        is_undone = bool(report.faults) and not is_partial
        _note_outcomes(task, _Report() if is_undone else report, of_all=True)
        await _finish(session, task, ImportState.FAILED if is_undone else ImportState.DONE)

    async def forget_rows(self, session: AsyncSession, payload: Mapping[str, Any]) -> None:
        """Forget some of what was staged for an import that is over, and come back for the rest."""
        import_id = UUID(payload["import_id"])
        some = sa.select(col(StagedRow.id)).where(col(StagedRow.import_id) == import_id).limit(FORGOTTEN_AT_ONCE)
        gone = int((await session.exec(sa.delete(StagedRow).where(col(StagedRow.id).in_(some)))).rowcount)
        task = await session.get(Import, import_id)
        importer = self.importers.get(task.kind) if task is not None else None
        if isinstance(importer, BulkImporter):
            gone = max(gone, await importer.discard(session, import_id, FORGOTTEN_AT_ONCE))
        if gone == FORGOTTEN_AT_ONCE:
            emit(session, ImportEnded(import_id=import_id))

    async def _judge(self, session: AsyncSession, task: Import, rows: Sequence[StagedRow]) -> list[RowResult]:
        importer, told = self.importers[task.kind], [_sheet_row(row) for row in rows]
        if isinstance(importer, BulkImporter):
            return await importer.prepare(session, told, _context(task))
        verdicts = await importer.check(session, told, _asker(task))
        await _refuse_repeated(session, task.id, rows, verdicts)
        return verdicts


async def _apply_all(session: AsyncSession, task: Import, importer: Importer, report: _Report) -> None:
    by, import_id, after = _asker(task), task.id, 0
    while rows := await _next_rows(session, import_id, after):
        report.add(rows, await importer.apply(session, [_sheet_row(row) for row in rows], by))
        await session.flush()  # a chunk is written before the next is read
        after = rows[-1].number


async def _adopt_slice(session: AsyncSession, task: Import, importer: BulkImporter, after: int) -> None:
    """Make some of the rows that are ready visible, and come back for the rest; others write in between."""
    if not after:
        task.created = task.unchanged = 0  # what the check foretold is now counted as it happens
    adopted = await importer.adopt(session, _context(task), after)
    task.created += adopted.created
    task.unchanged += adopted.known
    if adopted.last is None:
        await _finish(session, task, ImportState.DONE)
    else:
        emit(session, ImportChecked(import_id=task.id, after=adopted.last))


def _context(task: Import) -> Context:
    return Context(task.id, _asker(task), task.created_at, task.parameters)


async def _open_import(session: AsyncSession, payload: Mapping[str, Any]) -> Import | None:
    """The import of a job, None when it is finished: given up, or done before."""
    task = await session.get(Import, UUID(payload["import_id"]))
    return task if task is not None and task.state in OPEN else None


async def _next_rows(session: AsyncSession, import_id: UUID, after: int) -> list[StagedRow]:
    query = select(StagedRow).where(StagedRow.import_id == import_id, col(StagedRow.number) > after)
    return list((await session.exec(query.order_by(col(StagedRow.number)).limit(CHUNK))).all())


def _sheet_row(row: StagedRow) -> ImportedRow:
    return ImportedRow(row.number, row.data)


def _asker(task: Import) -> Principal:
    """The one who asked, with the roles that were looked at when they asked."""
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
    session: AsyncSession, import_id: UUID, rows: Sequence[StagedRow], verdicts: Sequence[RowResult]
) -> None:
    """Give a fault to every row that is about the same as a sound row above it."""
    for row, verdict in zip(rows, verdicts, strict=True):
        if verdict.identity is not None and not verdict.faults:
            row.identity = hashlib.sha256(verdict.identity.encode()).hexdigest()
    wanted = {row.identity for row in rows if row.identity is not None}
    query = select(StagedRow.identity).where(
        StagedRow.import_id == import_id,
        col(StagedRow.number) < (rows[0].number if rows else 0),
        col(StagedRow.identity).in_(wanted),
    )
    seen = set((await session.exec(query)).all())
    for row, verdict in zip(rows, verdicts, strict=True):
        if row.identity is not None and row.identity in seen:
            verdict.faults.append(REPEATED)
        seen.add(row.identity)


def _note_faults(task: Import, report: _Report) -> None:
    """Add faults to the import's report, the first 500 of all in words."""
    told = [
        {
            "row": number,
            "column": fault.column,
            "cell": format_cell_name(task.columns.index(fault.column), number)
            if fault.column in task.columns
            else None,
            "code": fault.code,
            "detail": fault.detail,
        }
        for number, fault in report.faults
    ]
    task.faults = [*task.faults, *told][:MAX_FAULTS]
    task.faults_total += len(told)


def _note_outcomes(task: Import, report: _Report, *, of_all: bool) -> None:
    """Count what rows did or would do; `of_all` sets the counts, else a chunk is added to them."""
    for outcome in Outcome:
        before = 0 if of_all else getattr(task, outcome.value)
        setattr(task, outcome.value, before + report.outcomes[outcome])


async def _drop(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Take refused rows out of the staging, so that what is left is what may be applied."""
    if ids:
        await session.flush()  # the digests of the chunk are written before some of its rows go
        await session.exec(sa.delete(StagedRow).where(col(StagedRow.id).in_(ids)))


async def _finish(session: AsyncSession, task: Import, state: ImportState) -> None:
    """End an import; its staged rows go after it. What failed did nothing, and says so."""
    task.state, task.finished_at = state, clock.now()
    if state is ImportState.FAILED:
        task.created = task.changed = task.unchanged = 0
    emit(session, ImportEnded(import_id=task.id))
    audit.record(session, _asker(task), f"import.{state.value}", "import", task.id, fields=[task.kind])
