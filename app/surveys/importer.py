"""Import of submissions from tables by codes (A-1.fn): prepared row by row, then adopted in thousands."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import Database, build_insert
from app.core.outbox import emit
from app.core.references import unknown_reference
from app.imports.ports import AdoptedRows, CellError, Context, ImportedRow, RowResult
from app.imports.rules import Outcome
from app.organizations import service as organizations
from app.surveys import queries
from app.surveys.counters import count_chosen
from app.surveys.events import SubmissionsImported
from app.surveys.import_rows import EXTERNAL_ID, READ, RowParser, SubmissionTable, ValidRow
from app.surveys.models.submissions import PreparedSubmission, SurveySubmission
from app.surveys.rules.form import STATISTICAL, list_code_columns
from app.surveys.rules.identity import compute_identity
from app.surveys.rules.submissions import SubmissionSource
from app.surveys.service.references import get_organization, require_organization
from app.surveys.service.submission_parser import ReferenceCache
from app.surveys.statutory_wording import load_order_form

KIND = "survey_submissions"
ADOPTED_AT_ONCE = 5000
"""Rows that become visible in one transaction; SQLite's only writer is blocked for a fraction of a second."""
ROWS_A_TURN = 25
EXAMPLE = (
    "12;13;21;22.1;22.2;22.3;22.4;23.1;23.2;23.3;23.4;23.2.comment\r\n"
    "50701000;2026-11-24;1;1;2;3;3;5;2;4;4;не нашёл телефон\r\n"
)

_REPEATED = CellError(EXTERNAL_ID, "repeated_row", "Этот идентификатор уже есть в другой строке файла.")
_CONFLICT = CellError(
    EXTERNAL_ID, "external_id_conflict", "С этим идентификатором уже загружена анкета с другими ответами."
)
prepared: sa.Table = SQLModel.metadata.tables["survey_prepared"]
submissions: sa.Table = SQLModel.metadata.tables["survey_submissions"]
forms: sa.Table = SQLModel.metadata.tables["survey_forms"]

COPIED = ("id", *READ, "import_id", "external_id", "identity", "content")


async def load_table(database: Database, form: str | None, organization_id: UUID | None) -> SubmissionTable:
    """Return the allowed headers for a form (the form of the order by default) and an organization.

    Without an organization, code 11 gives the organization of a row, and an empty code 11 means the ministry.
    Raises 422 for an unknown form or organization.
    """
    key = form or load_order_form()["key"]
    async with database.transaction(write=False) as session:
        versions = await queries.load_versions(session, key)
        if organization_id is not None:
            await require_organization(session, organization_id)
    if not versions:
        raise unknown_reference("/form")
    codes = list_code_columns(versions)
    answered = [{code for code in list_code_columns([version]) if not code.endswith("comment")} for version in versions]
    required = tuple(code for code in codes if all(code in one for one in answered))
    parameters = {"form": key} | ({"organization_id": str(organization_id)} if organization_id else {})
    return SubmissionTable(KIND, frozenset({*STATISTICAL, *codes, EXTERNAL_ID}), required, parameters)


class SubmissionImporter:
    """The importer of submissions."""

    kind = KIND

    async def prepare(self, session: AsyncSession, rows: Sequence[ImportedRow], context: Context) -> list[RowResult]:
        """Check each row; valid rows are stored in `survey_prepared`."""
        named = context.parameters.get("organization_id")
        reader = RowParser(
            ReferenceCache(session),
            await organizations.load_organizations_by_name(session),
            await get_organization(session, UUID(named) if named else None),
            context,
        )
        parsed = []
        for number, row in enumerate(rows):
            if number % ROWS_A_TURN == 0:
                await asyncio.sleep(0)  # parsing is CPU work: let other tasks run
            parsed.append(await reader.read(row))
        valid = [one for one in parsed if isinstance(one, ValidRow)]
        await _set_identities(session, valid, context.import_id)
        known = await _load_known(session, [row.identity for row in valid])
        seen = await _load_earlier_identities(session, valid, context.import_id)
        results, ready = [], []
        for one in parsed:
            result = one if isinstance(one, RowResult) else _to_result(one, known, seen)
            results.append(result)
            if isinstance(one, ValidRow) and not result.faults:
                ready.append(one.columns(context.import_id))
                seen.add(one.identity)
        if ready:
            await session.exec(sa.insert(PreparedSubmission), params=ready)
        return results

    async def adopt(self, session: AsyncSession, context: Context, after: int) -> AdoptedRows:
        """Turn the next 5,000 rows into submissions; rows known from another table are skipped."""
        mine = sa.and_(prepared.c.import_id == context.import_id, prepared.c.number > after)
        numbers = sa.select(prepared.c.number).where(mine).order_by(prepared.c.number).limit(ADOPTED_AT_ONCE)
        found = (await session.exec(numbers)).scalars().all()  # type: ignore[call-overload]
        if not found:
            return AdoptedRows(0, 0, None)
        slice_ = sa.and_(mine, prepared.c.number <= found[-1])
        more = {
            "form": forms.c.key,
            "form_version": forms.c.form_version,
            "received_at": sa.literal(context.asked_at, submissions.c.received_at.type),
            "source": sa.literal(SubmissionSource.IMPORT, submissions.c.source.type),
            "version": sa.literal(1),
            "keyed_by": sa.literal(context.by.id if context.by.kind == "employee" else None, sa.Uuid()),
        }
        rows = sa.select(*[prepared.c[name] for name in COPIED], *more.values())
        rows = rows.join(forms, forms.c.id == prepared.c.form_id).where(slice_).order_by(prepared.c.number)
        insert = build_insert(session, submissions).from_select([*COPIED, *more], rows).on_conflict_do_nothing()
        counted = {"preserve_rowcount": True}  # otherwise psycopg's row count of an INSERT is discarded
        created = int((await session.exec(insert, execution_options=counted)).rowcount)
        await count_chosen(session, sa.select(prepared.c.id).where(slice_))
        if created:
            emit(session, SubmissionsImported(import_id=context.import_id, count=created))
        return AdoptedRows(created, len(found) - created, found[-1] if len(found) == ADOPTED_AT_ONCE else None)

    async def discard(self, session: AsyncSession, import_id: UUID, at_most: int) -> int:
        """Delete up to `at_most` waiting rows."""
        some = sa.select(prepared.c.id).where(prepared.c.import_id == import_id).limit(at_most)
        return int((await session.exec(sa.delete(PreparedSubmission).where(prepared.c.id.in_(some)))).rowcount)


SUBMISSIONS = SubmissionImporter()


async def _set_identities(session: AsyncSession, rows: Sequence[ValidRow], import_id: UUID) -> None:
    """Number the rows with equal content and no id of their own, after those of earlier chunks."""
    contents = {row.content for row in rows if row.external_id is None}
    query = (
        sa.select(prepared.c.content, sa.func.count())
        .where(prepared.c.import_id == import_id, prepared.c.external_id.is_(None), prepared.c.content.in_(contents))
        .group_by(prepared.c.content)
    )
    times = Counter(dict((await session.exec(query)).all())) if contents else Counter[str]()  # type: ignore[call-overload]
    for row in rows:
        if row.external_id is None:
            times[row.content] += 1
            row.identity = compute_identity(row.content, times[row.content])


async def _load_known(session: AsyncSession, identities: Sequence[str]) -> dict[str, str]:
    """Return which identities are submissions already, with their content digest at the import."""
    query = select(SurveySubmission.identity, SurveySubmission.content).where(
        col(SurveySubmission.identity).in_(identities)
    )
    return dict((await session.exec(query)).all()) if identities else {}  # type: ignore[arg-type]


async def _load_earlier_identities(session: AsyncSession, rows: Sequence[ValidRow], import_id: UUID) -> set[str]:
    """Return the identities of earlier rows of the same table among rows with an id of their own."""
    named = [row.identity for row in rows if row.external_id is not None]
    query = select(PreparedSubmission.identity).where(
        PreparedSubmission.import_id == import_id, col(PreparedSubmission.identity).in_(named)
    )
    return set((await session.exec(query)).all()) if named else set()


def _to_result(row: ValidRow, known: Mapping[str, str], seen: set[str]) -> RowResult:
    if row.identity in seen:
        return RowResult(faults=[_REPEATED])
    if row.identity not in known:
        return RowResult(Outcome.CREATED)
    return RowResult() if known[row.identity] == row.content else RowResult(faults=[_CONFLICT])
