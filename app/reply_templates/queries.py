"""Selects of reply templates: visibility, search by words, and the shape that the API shows."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.rules import TemplateState, placeholders_in
from app.reply_templates.schemas import TemplateRead, TemplateVersionRead


def visible_to(by: Principal) -> ColumnElement[bool]:
    """The templates of the caller's own unit; without a unit nobody's."""
    return col(ReplyTemplate.unit_id) == by.unit_id if by.unit_id is not None else sa.false()


def usable_by(by: Principal) -> ColumnElement[bool]:
    """The templates that the caller may put into a reply: those they see that are published and not archived."""
    return sa.and_(
        visible_to(by),
        col(ReplyTemplate.published_version).is_not(None),
        col(ReplyTemplate.state) != TemplateState.ARCHIVED,
    )


async def version_of(session: AsyncSession, template_id: UUID, number: int) -> TemplateVersion | None:
    """A version of a template."""
    query = select(TemplateVersion).where(TemplateVersion.template_id == template_id, TemplateVersion.number == number)
    return (await session.exec(query)).first()


async def versions_of(session: AsyncSession, template_id: UUID) -> list[TemplateVersion]:
    """All versions of a template, newest first."""
    query = select(TemplateVersion).where(TemplateVersion.template_id == template_id)
    return list((await session.exec(query.order_by(col(TemplateVersion.number).desc()))).all())


async def read_templates(session: AsyncSession, rows: Sequence[ReplyTemplate]) -> list[TemplateRead]:
    """Templates as the API shows them; the newest versions of all come in one query."""
    wanted = sa.tuple_(col(TemplateVersion.template_id), col(TemplateVersion.number)).in_(
        [(row.id, row.latest_version) for row in rows]
    )
    versions = {v.template_id: v for v in (await session.exec(select(TemplateVersion).where(wanted))).all()}
    return [_read(row, versions[row.id]) for row in rows]


def _read(row: ReplyTemplate, version: TemplateVersion) -> TemplateRead:
    return TemplateRead.model_validate(
        {
            **row.model_dump(exclude={"version"}),
            "version": version.number,
            "title": version.title,
            "text": version.text,
            "keywords": version.keywords,
            "examples": version.examples,
            "topic_ids": version.topic_ids,
            "placeholders": placeholders_in(version.text),
        }
    )


def read_version(row: TemplateVersion) -> TemplateVersionRead:
    """A version as the API shows it."""
    return TemplateVersionRead.model_validate({**row.model_dump(), "version": row.number})
