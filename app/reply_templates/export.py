"""Export of a knowledge base as a table whose rows can be imported again."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import Database
from app.core.security import Principal
from app.documents.tables.writer import Row
from app.organizations import service as organizations
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
"""The header of the export; the import accepts the columns in any order."""

EXAMPLE = (
    "key;title;text;keywords\r\n"
    'eksport-2;Поддержка экспорта;Здравствуйте, {имя}! Начните отсюда: {ссылка}.;"экспорт\nтаможня"\r\n'
)
PAGE = 500


async def export_pages(
    database: Database, query: SelectOfScalar[ReplyTemplate], by: Principal
) -> AsyncIterator[Iterable[Row]]:
    """Yield the templates of a query as pages of rows, one transaction per page so that a slow client holds none."""
    after = UUID(int=0)
    while True:
        async with database.transaction(write=False) as session:
            page = query.where(col(ReplyTemplate.id) > after).order_by(col(ReplyTemplate.id)).limit(PAGE)
            templates = (await session.exec(page)).all()
            rows = await _build_rows(session, await read_templates(session, templates, by))
        yield rows
        if len(templates) < PAGE:
            return
        after = templates[-1].id


async def _build_rows(session: AsyncSession, templates: Sequence[TemplateRead]) -> list[Row]:
    topics = await organizations.load_topic_names(session)
    names = await organizations.load_unit_names(session)
    name_counts = Counter(names.values())
    units = {unit_id: name if name_counts[name] == 1 else str(unit_id) for unit_id, name in names.items()}
    return [_to_row(template, topics, units) for template in templates]


def _to_row(row: TemplateRead, topics: dict[UUID, str], units: dict[UUID, str]) -> Row:
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
