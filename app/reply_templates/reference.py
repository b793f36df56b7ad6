"""Demo templates: inserted when missing, never overwritten."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.data_files import load_yaml
from app.core.ids import new_id
from app.organizations import reference as organizations
from app.organizations import service as organization_service
from app.reply_templates.models import ReplyTemplate, TemplateShare, TemplateVersion
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.service.access import build_search_text
from app.reply_templates.service.review import apply_period


async def load_demo(session: AsyncSession) -> None:
    """Insert the missing published templates of both demo units. They have no author."""
    units = await organizations.demo_units(session)
    for raw in load_yaml(__file__, "demo_templates.yaml")["templates"]:
        unit = units.first if raw["unit"] == "first" else units.second
        known = select(ReplyTemplate.id).where(ReplyTemplate.unit_id == unit.id, ReplyTemplate.key == raw["key"])
        if (await session.exec(known)).first() is not None:
            continue
        topics = {topic.name: topic for topic in await organization_service.list_topics(session, unit.id)}
        topic = topics.get(raw["topic"])
        moment = clock.now()
        row = ReplyTemplate(
            id=UUID(raw["id"]) if "id" in raw else new_id(),
            unit_id=unit.id,
            key=raw["key"],
            state=TemplateState.PUBLISHED,
            published_version=1,
            search_text="",
            created_at=moment,
            updated_at=moment,
            reviewed_at=moment,
        )
        version = TemplateVersion(
            template_id=row.id,
            number=1,
            title=raw["title"],
            text=raw["text"],
            keywords=raw["keywords"],
            examples=raw["examples"],
            topic_ids=[str(topic.id)] if topic else [],
            defaults=raw.get("defaults", {}),
            created_at=moment,
            published_at=moment,
        )
        row.search_text = row.published_search_text = build_search_text(version)
        apply_period(row, unit.template_review_days)
        session.add(row)
        await session.flush()  # the version references the template
        session.add(version)
        if raw.get("shared", False):
            other = units.second if unit is units.first else units.first
            session.add(TemplateShare(template_id=row.id, unit_id=other.id))
    await session.flush()  # later reference loaders read the templates
