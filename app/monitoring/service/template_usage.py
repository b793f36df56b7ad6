"""Use of reply templates: insertions, sent unchanged or edited, and clients' ratings (O-6.2.6)."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.security import Principal
from app.monitoring import rules
from app.monitoring.queries import group_names
from app.monitoring.queries.template_usage import UseCut, Uses, load_template_titles, load_uses
from app.monitoring.schemas.template_usage import TemplateGroupBy, TemplateUseRead, TemplateUsesRead, UseRead
from app.monitoring.service.satisfaction import to_share_read


async def compute_template_usage(
    session: AsyncSession, cut: UseCut, group_by: TemplateGroupBy | None, by: Principal
) -> TemplateUsesRead:
    """Compute the use of templates in total and by template, unit of the message or channel."""
    total = await load_uses(session, cut, None, by)
    groups = await load_uses(session, cut, group_by, by) if group_by else {}
    names = await _load_names(session, group_by, list(groups))
    items = [TemplateUseRead(key=str(key), name=names[key], **_to_fields(uses)) for key, uses in groups.items()]
    return TemplateUsesRead.model_validate(
        {
            "from": cut.period.since,
            "to": cut.period.until,
            "group_by": group_by,
            "total": UseRead(**_to_fields(total.get(None, Uses()))),
            "items": sorted(items, key=lambda item: (-item.n, item.name, item.key)),
        }
    )


def _to_fields(uses: Uses) -> dict[str, Any]:
    return {
        "n": uses.n,
        "sent": uses.sent,
        "sent_unchanged": uses.unchanged,
        "edited": uses.sent - uses.unchanged,
        "mean_changed_share": None if uses.changed_share is None else round(float(uses.changed_share), rules.DIGITS),
        "last_used_at": uses.last_used_at,
        "satisfaction": to_share_read(uses.satisfied, uses.rated),
    }


async def _load_names(session: AsyncSession, group_by: TemplateGroupBy | None, keys: list[Any]) -> dict[Any, str]:
    match group_by:
        case TemplateGroupBy.TEMPLATE:
            return await load_template_titles(session, keys)
        case TemplateGroupBy.UNIT:
            return {**await group_names.load_unit_names(session)}
        case TemplateGroupBy.CHANNEL:
            return {**await group_names.load_channel_names(session)}
    return {}
