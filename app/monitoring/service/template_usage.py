"""Use of reply templates: insertions, sent unchanged or edited, and clients' ratings (O-6.2.6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.periods import Period
from app.core.security import Principal
from app.interaction_points.models import ChannelKind, Point
from app.messages.models import Message, Reply
from app.messages.rules.states import ReplyState
from app.monitoring import rules
from app.monitoring.schemas.template_usage import TemplateGroupBy, TemplateUseRead, TemplateUsesRead, UseRead
from app.monitoring.service.satisfaction import to_share_read
from app.monitoring.service.service_levels import build_period_condition
from app.organizations.models import Unit
from app.reply_templates.models import ReplyTemplate, TemplateVersion


@dataclass(frozen=True, slots=True)
class UseCut:
    """Filters of the uses of templates."""

    period: Period
    unit_id: UUID | None = None
    template_id: UUID | None = None


async def compute_template_usage(
    session: AsyncSession, cut: UseCut, group_by: TemplateGroupBy | None, by: Principal
) -> TemplateUsesRead:
    """Compute the use of templates in total and by template, unit of the message or channel."""
    total = await _load_uses(session, cut, None, by)
    groups = await _load_uses(session, cut, group_by, by) if group_by else {}
    names = await _load_names(session, group_by, list(groups)) if group_by else {}
    items = [TemplateUseRead(key=str(key), name=names[key], **values) for key, values in groups.items()]
    return TemplateUsesRead.model_validate(
        {
            "from": cut.period.since,
            "to": cut.period.until,
            "group_by": group_by,
            "total": UseRead(**total.get(None, _to_fields(0, 0, 0, None, None, 0, 0))),
            "items": sorted(items, key=lambda item: (-item.n, item.name, item.key)),
        }
    )


def _visible_to(by: Principal) -> ColumnElement[bool]:
    """Return the filter for uses: of the unit's templates or in its messages, or all."""
    if by.may("monitoring:all_units"):
        return sa.true()
    if by.unit_id is None:
        return sa.false()
    return sa.or_(col(ReplyTemplate.unit_id) == by.unit_id, col(Message.unit_id) == by.unit_id)


async def _load_uses(
    session: AsyncSession, cut: UseCut, group_by: TemplateGroupBy | None, by: Principal
) -> dict[Any, dict[str, Any]]:
    key: Any = {
        None: sa.null(),
        TemplateGroupBy.TEMPLATE: col(ReplyTemplate.id),
        TemplateGroupBy.UNIT: col(Message.unit_id),
        TemplateGroupBy.CHANNEL: col(Point.channel),
    }[group_by]
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
        .where(_visible_to(by), await build_period_condition(session, cut.period, col(Reply.created_at)))
    )
    if cut.unit_id is not None:
        query = query.where(col(Message.unit_id) == cut.unit_id)
    if cut.template_id is not None:
        query = query.where(col(ReplyTemplate.id) == cut.template_id)
    found = await session.exec(query.group_by(key) if group_by else query)  # type: ignore[call-overload]
    return {row[0]: _to_fields(*row[1:]) for row in found.all()}


def _to_fields(
    n: int, sent: int, unchanged: int, changed: float | None, last: datetime | None, rated: int, satisfied: int
) -> dict[str, Any]:
    return {
        "n": n,
        "sent": sent,
        "sent_unchanged": unchanged,
        "edited": sent - unchanged,
        "mean_changed_share": None if changed is None else round(float(changed), rules.DIGITS),
        "last_used_at": last,
        "satisfaction": to_share_read(satisfied, rated),
    }


async def _load_names(session: AsyncSession, group_by: TemplateGroupBy, keys: list[Any]) -> dict[Any, str]:
    """Load the names of groups; a template has its published title, because drafts are visible to their unit only."""
    query: Any
    if group_by is TemplateGroupBy.UNIT:
        query = select(Unit.id, Unit.name).where(col(Unit.id).in_(keys))
    elif group_by is TemplateGroupBy.CHANNEL:
        query = select(ChannelKind.key, ChannelKind.name).where(col(ChannelKind.key).in_(keys))
    else:
        query = select(ReplyTemplate.id, TemplateVersion.title).join(
            TemplateVersion,
            sa.and_(
                col(TemplateVersion.template_id) == col(ReplyTemplate.id),
                col(TemplateVersion.number) == col(ReplyTemplate.published_version),
            ),
        )
        query = query.where(col(ReplyTemplate.id).in_(keys))
    return dict((await session.exec(query)).all())
