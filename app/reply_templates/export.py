"""The knowledge base as a table: its columns, and each template as a row that can be imported again."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Database
from app.core.security import Principal
from app.documents.tables.writer import Row
from app.organizations.models import Topic, Unit
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import read_templates
from app.reply_templates.rules.list_cells import format_keywords, format_lines
from app.reply_templates.schemas import TemplateRead

COLUMNS = (
    "unit",
    "key",
    "title",
    "text",
    "keywords",
    "examples",
    "topics",
    "defaults",
    "shared_with",
    "review_days",
    "state",
)
"""Row 1 of the export; the import takes them in any order."""

EXAMPLE = (
    "key;title;text;keywords\r\n"
    'eksport-2;Поддержка экспорта;Здравствуйте, {имя}! Начните отсюда: {ссылка}.;"экспорт\nтаможня"\r\n'
)
PAGE = 500


async def export_pages(
    database: Database, query: SelectOfScalar[ReplyTemplate], by: Principal
) -> AsyncIterator[Iterable[Row]]:
    """The templates of a query as rows, a page in a transaction of its own: a slow reader holds no connection."""
    after = UUID(int=0)
    while True:
        async with database.transaction(write=False) as session:
            page = query.where(col(ReplyTemplate.id) > after).order_by(col(ReplyTemplate.id)).limit(PAGE)
            templates = (await session.exec(page)).all()
            rows = await _rows(session, await read_templates(session, templates, by))
        yield rows
        if len(templates) < PAGE:
            return
        after = templates[-1].id


async def _rows(session: AsyncSession, shown: Sequence[TemplateRead]) -> list[Row]:
    topics = dict((await session.exec(select(Topic.id, Topic.name))).all())
    names = (await session.exec(select(Unit.id, Unit.name))).all()
    times = Counter(name for _, name in names)
    units = {unit_id: name if times[name] == 1 else str(unit_id) for unit_id, name in names}
    return [_row(one, topics, units) for one in shown]


def _row(row: TemplateRead, topics: dict[UUID, str], units: dict[UUID, str]) -> Row:
    return (
        units[row.unit_id],
        row.key,
        row.title,
        row.text,
        format_keywords(row.keywords),
        format_lines(row.examples),
        format_lines([topics[topic_id] for topic_id in row.topic_ids]),
        format_lines([f"{name}: {value}" for name, value in row.defaults.items()]),
        format_lines([units[unit_id] for unit_id in row.shared_unit_ids]),
        str(row.review_days) if row.review_days is not None else None,
        row.state.value,
    )
