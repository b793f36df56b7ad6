"""Submissions as a table by codes, and as lines of JSON: what is exchanged with the feedback platform (A-1.fn)."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Database
from app.core.tables.writing import MAX_XLSX_ROWS, Row
from app.surveys.errors import TooManyForSheet
from app.surveys.models import SurveyForm, SurveySubmission
from app.surveys.queries import read_submissions
from app.surveys.rules import STATISTICAL, code_columns, parse_form
from app.surveys.schemas import SubmissionRead

PAGE = 500


async def columns(database: Database, form: str | None) -> list[str]:
    """Row 1: 11, 12, 13 and the codes of every version of the form (of all forms, if none is named)."""
    query = select(SurveyForm).order_by(col(SurveyForm.key), col(SurveyForm.form_version), col(SurveyForm.id))
    if form is not None:
        query = query.where(SurveyForm.key == form)
    async with database.transaction(write=False) as session:
        known = [parse_form(row.definition) for row in (await session.exec(query)).all()]
    return [*STATISTICAL, *code_columns(known)]


async def require_room(database: Database, query: SelectOfScalar[SurveySubmission]) -> None:
    """Raise `TooManyForSheet` when an XLSX sheet does not hold the submissions of the query."""
    capped = query.with_only_columns(sa.literal(1), maintain_column_froms=True).limit(MAX_XLSX_ROWS + 1).subquery()
    async with database.transaction(write=False) as session:
        found = (await session.exec(select(sa.func.count()).select_from(capped))).one()
    if found > MAX_XLSX_ROWS:
        raise TooManyForSheet


async def pages(database: Database, query: SelectOfScalar[SurveySubmission]) -> AsyncIterator[list[SubmissionRead]]:
    """The submissions of a query, oldest first, a page in a transaction of its own: a slow reader holds nothing."""
    after = UUID(int=0)
    if database.is_sqlite and query.whereclause is not None:
        # Else it takes an index of a filter and sorts all that is left for every page: hours for a million.
        query = select(SurveySubmission).where(sa.func.coalesce(query.whereclause, sa.false()))
    while True:
        page = query.where(col(SurveySubmission.id) > after).order_by(col(SurveySubmission.id)).limit(PAGE)
        async with database.transaction(write=False) as session:
            rows = await _page(session, page)
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


async def _page(session: AsyncSession, query: SelectOfScalar[SurveySubmission]) -> list[SubmissionRead]:
    return await read_submissions(session, list((await session.exec(query)).all()))


async def as_rows(names: Sequence[str], read: AsyncIterable[list[SubmissionRead]]) -> AsyncIterator[Iterable[Row]]:
    """Pages as rows of a table with these codes; what was not given is an empty cell."""
    async for page in read:
        yield [[_cell(submission.codes.get(name)) for name in names] for submission in page]


async def as_lines(read: AsyncIterable[list[SubmissionRead]]) -> AsyncIterator[bytes]:
    """Pages as JSONL: a submission in the shape of the GET on each line."""
    async for page in read:
        yield "".join(f"{submission.model_dump_json(by_alias=True)}\n" for submission in page).encode()


def _cell(value: Any) -> str | None:
    return None if value is None else str(value)
