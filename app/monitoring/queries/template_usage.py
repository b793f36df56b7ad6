"""Uses of reply templates in replies, with their outcomes, and the titles of templates."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.periods import Period
from app.core.security import Principal
from app.interaction_points.models import Point
from app.messages.models import Message, Reply
from app.messages.rules.states import ReplyState
from app.monitoring.queries.service_levels import build_period_condition
from app.monitoring.queries.visibility import is_monitored
from app.monitoring.schemas.template_usage import TemplateGroupBy
from app.reply_templates.models import ReplyTemplate, TemplateVersion


@dataclass(frozen=True, slots=True)
class UseCut:
    """Filters of the uses of templates."""

    period: Period
    unit_id: UUID | None = None
    template_id: UUID | None = None


class Uses(NamedTuple):
    """Counts of the uses of templates, and the mean share of changed words in sent replies."""

    n: int = 0
    sent: int = 0
    unchanged: int = 0
    changed_share: float | None = None
    last_used_at: datetime | None = None
    rated: int = 0
    satisfied: int = 0


async def load_uses(
    session: AsyncSession, cut: UseCut, group_by: TemplateGroupBy | None, by: Principal
) -> dict[Any, Uses]:
    """Load the uses by group, None without grouping."""
    key: Any = {
        None: sa.null(),
        TemplateGroupBy.TEMPLATE: col(ReplyTemplate.id),
        TemplateGroupBy.UNIT: col(Message.unit_id),
        TemplateGroupBy.CHANNEL: col(Point.channel),
    }[group_by]
    is_seen = sa.or_(is_monitored(ReplyTemplate.unit_id, by), is_monitored(Message.unit_id, by))
    is_sent = col(Reply.state) == ReplyState.SENT
    query = (
        sa.select(
            key.label("key"),
            func.count(),
            func.count().filter(is_sent),
            func.count().filter(is_sent, col(Reply.changed_share) == 0),
            func.avg(col(Reply.changed_share)).filter(is_sent),
            func.max(col(Reply.created_at)),
            func.count(col(Message.satisfaction)).filter(is_sent),
            func.count().filter(is_sent, col(Message.satisfaction) == 1),
        )
        .join(ReplyTemplate, col(ReplyTemplate.id) == col(Reply.template_id))
        .join(Message, col(Message.id) == col(Reply.message_id))
        .join(Point, col(Point.id) == col(Message.point_id))
        .where(is_seen, await build_period_condition(session, cut.period, col(Reply.created_at)))
    )
    if cut.unit_id is not None:
        query = query.where(col(Message.unit_id) == cut.unit_id)
    if cut.template_id is not None:
        query = query.where(col(ReplyTemplate.id) == cut.template_id)
    found = await session.exec(query.group_by(key) if group_by else query)  # type: ignore[call-overload]
    return {row[0]: Uses(*row[1:]) for row in found.all()}


async def load_template_titles(session: AsyncSession, template_ids: Collection[UUID]) -> dict[UUID, str]:
    """Load the published titles of templates by id; drafts are visible to their unit only."""
    version_of_template = sa.and_(
        col(TemplateVersion.template_id) == col(ReplyTemplate.id),
        col(TemplateVersion.number) == func.coalesce(ReplyTemplate.published_version, ReplyTemplate.latest_version),
    )
    query = select(ReplyTemplate.id, TemplateVersion.title).join(TemplateVersion, version_of_template)
    return dict((await session.exec(query.where(col(ReplyTemplate.id).in_(list(template_ids))))).all())
