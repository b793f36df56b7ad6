"""Export of submissions as a table by codes or as JSONL, for exchange with the feedback platform (A-1.fn)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Database
from app.documents.tables.writer import MAX_XLSX_ROWS, Row
from app.surveys.errors import TooManyForSheet
from app.surveys.models.submissions import SurveySubmission
from app.surveys.queries import Coded, load_versions, read_codes, read_submissions
from app.surveys.rules.form import STATISTICAL, list_code_columns
from app.surveys.schemas.submissions import SubmissionRead

PAGE = 500

_Read = TypeVar("_Read", Coded, SubmissionRead)
PageReader = Callable[[AsyncSession, SelectOfScalar[SurveySubmission]], Awaitable[list[_Read]]]
"""A function that loads the submissions of one page."""


async def load_columns(database: Database, form: str | None) -> list[str]:
    """Return the headers: 11, 12, 13 and the codes of all published versions of the form (of all forms if None)."""
    async with database.transaction(write=False) as session:
        return [*STATISTICAL, *list_code_columns(await load_versions(session, form))]


async def require_room(database: Database, query: SelectOfScalar[SurveySubmission]) -> None:
    """Raise `TooManyForSheet` if the query has more submissions than an XLSX sheet holds."""
    capped = query.with_only_columns(sa.literal(1), maintain_column_froms=True).limit(MAX_XLSX_ROWS + 1).subquery()
    async with database.transaction(write=False) as session:
        found = (await session.exec(select(sa.func.count()).select_from(capped))).one()
    if found > MAX_XLSX_ROWS:
        raise TooManyForSheet


async def export_pages(
    database: Database, query: SelectOfScalar[SurveySubmission], read: PageReader[_Read]
) -> AsyncIterator[list[_Read]]:
    """Yield the submissions of a query page by page, oldest first.

    Each page has its own transaction, so that a slow reader holds no connection.
    """
    after = UUID(int=0)
    if database.is_sqlite and query.whereclause is not None:
        # `coalesce` stops SQLite from using a filter's index and sorting the rest for every page: hours for a million.
        query = select(SurveySubmission).where(sa.func.coalesce(query.whereclause, sa.false()))
    while True:
        page = query.where(col(SurveySubmission.id) > after).order_by(col(SurveySubmission.id)).limit(PAGE)
        async with database.transaction(write=False) as session:
            rows = await read(session, page)
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


async def to_rows(
    database: Database, query: SelectOfScalar[SurveySubmission], names: Sequence[str]
) -> AsyncIterator[Iterable[Row]]:
    """Yield submissions as table rows with the given codes, page by page; a missing answer is an empty cell."""
    async for page in export_pages(database, query, read_codes):
        yield [[_to_cell(submission.codes.get(name)) for name in names] for submission in page]


async def to_json_lines(database: Database, query: SelectOfScalar[SurveySubmission]) -> AsyncIterator[bytes]:
    """Yield submissions as JSONL, page by page; each line has the shape that GET returns."""
    async for page in export_pages(database, query, _read_full):
        yield "".join(f"{submission.model_dump_json(by_alias=True)}\n" for submission in page).encode()


async def _read_full(session: AsyncSession, query: SelectOfScalar[SurveySubmission]) -> list[SubmissionRead]:
    return await read_submissions(session, list((await session.exec(query)).all()))


def _to_cell(value: Any) -> str | None:
    return None if value is None else str(value)
