"""Use cases of reply templates (O-6.2.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.concurrency import Match
from app.core.outbox import emit
from app.core.problems import Fault, Invalid, MoveNotAllowed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.organizations import service as organizations
from app.reply_check import service as reply_check
from app.reply_check.schemas import FindingRead
from app.reply_templates import rules
from app.reply_templates.errors import FourEyes, TemplateNotFound
from app.reply_templates.events import TemplateArchived, TemplatePublished
from app.reply_templates.finding.rules.words import searched
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import usable_by, version_of, versions_of, visible_to
from app.reply_templates.rules import TemplateMove, TemplateState
from app.reply_templates.schemas import (
    RenderRead,
    TemplateCreate,
    TemplatePatch,
    TemplateRender,
)


@dataclass(frozen=True, slots=True)
class UsableTemplate:
    """A published template as a reply takes it."""

    template_id: UUID
    version: int
    text: str


async def get_template(session: AsyncSession, template_id: UUID, by: Principal) -> ReplyTemplate:
    """The template if it is the caller's unit's, or `TemplateNotFound`."""
    query = select(ReplyTemplate).where(ReplyTemplate.id == template_id, visible_to(by))
    row = (await session.exec(query)).first()
    if row is None:
        raise TemplateNotFound
    return row


async def use_template(session: AsyncSession, template_id: UUID, by: Principal) -> UsableTemplate:
    """The published version for a reply; 422 with a pointer when there is none that the caller may use."""
    query = select(ReplyTemplate).where(ReplyTemplate.id == template_id, usable_by(by))
    row = (await session.exec(query)).first()
    if row is None or row.published_version is None:
        raise unknown_reference("/template_id")
    version = await _version(session, row, row.published_version)
    return UsableTemplate(row.id, version.number, version.text)


async def text_of(session: AsyncSession, template_id: UUID, number: int) -> str:
    """The text of a version, whoever may see it: a reply keeps the version that it was made from."""
    version = await version_of(session, template_id, number)
    if version is None:
        raise TemplateNotFound
    return version.text


async def create_template(session: AsyncSession, body: TemplateCreate, *, by: Principal) -> ReplyTemplate:
    """Add a template to the knowledge base of the caller's unit, as a draft."""
    if body.unit_id != by.unit_id:
        raise unknown_reference("/unit_id")
    _require_known_placeholders(body.text)
    await organizations.open_topics(session, list(body.topic_ids), body.unit_id, "/topic_ids")
    moment = clock.now()
    row = ReplyTemplate(
        unit_id=body.unit_id,
        key=body.key,
        state=TemplateState.DRAFT,
        search_text="",
        created_by=by.id,
        created_at=moment,
        updated_at=moment,
    )
    session.add(row)
    await session.flush()  # the version refers to it, and the answer tells of a taken key
    version = TemplateVersion(
        template_id=row.id,
        number=1,
        title=body.title,
        text=body.text,
        keywords=list(body.keywords),
        examples=list(body.examples),
        topic_ids=[str(topic_id) for topic_id in body.topic_ids],
        author_id=by.id,
        created_at=moment,
    )
    session.add(version)
    row.search_text = search_text(version)
    audit.record(session, by, "template.created", "reply_template", row.id)
    await session.flush()  # the version is counted at the flush
    return row


async def edit_template(
    session: AsyncSession, template_id: UUID, body: TemplatePatch, match: Match, *, by: Principal
) -> ReplyTemplate:
    """Make a new version. A published one stays in use until the new one is published."""
    row = await get_template(session, template_id, by)
    sent = body.model_fields_set
    if "text" in sent:
        _require_known_placeholders(body.text)
    if "topic_ids" in sent:
        await organizations.open_topics(session, list(body.topic_ids), row.unit_id, "/topic_ids")
    match.require(row)
    row.state = _moved(row, TemplateMove.EDIT)
    before = await _version(session, row, row.latest_version)
    version = TemplateVersion(
        template_id=row.id,
        number=row.latest_version + 1,
        title=body.title if "title" in sent else before.title,
        text=body.text if "text" in sent else before.text,
        keywords=list(body.keywords) if "keywords" in sent else before.keywords,
        examples=list(body.examples) if "examples" in sent else before.examples,
        topic_ids=[str(i) for i in body.topic_ids] if "topic_ids" in sent else before.topic_ids,
        note=body.note,
        author_id=by.id,
        created_at=clock.now(),
    )
    session.add(version)
    row.latest_version = version.number
    row.search_text = search_text(version)
    return await _changed(session, row, "template.edited", by, sorted(sent))


async def submit_template(session: AsyncSession, template_id: UUID, match: Match, *, by: Principal) -> ReplyTemplate:
    """Hand the newest version in for review."""
    row = await get_template(session, template_id, by)
    match.require(row)
    row.state = _moved(row, TemplateMove.SUBMIT)
    return await _changed(session, row, "template.submitted", by, ["state"])


async def publish_template(session: AsyncSession, template_id: UUID, match: Match, *, by: Principal) -> ReplyTemplate:
    """Put the newest version into use; its author does not publish."""
    row = await get_template(session, template_id, by)
    match.require(row)
    state = _moved(row, TemplateMove.PUBLISH)
    version = await _version(session, row, row.latest_version)
    if version.author_id == by.id:
        raise FourEyes
    row.state = state
    row.published_version = version.number
    version.approved_by, version.published_at = by.id, clock.now()
    emit(session, TemplatePublished(template_id=row.id, version=version.number))
    return await _changed(session, row, "template.published", by, ["state", "published_version"])


async def return_template(
    session: AsyncSession, template_id: UUID, reason: str, match: Match, *, by: Principal
) -> ReplyTemplate:
    """Give the newest version back to its author, with the reason on record."""
    row = await get_template(session, template_id, by)
    match.require(row)
    row.state = _moved(row, TemplateMove.RETURN)
    version = await _version(session, row, row.latest_version)
    version.note = reason
    return await _changed(session, row, "template.returned", by, ["state", "note"])


async def archive_template(session: AsyncSession, template_id: UUID, match: Match, *, by: Principal) -> ReplyTemplate:
    """Offer a template no longer; replies already sent keep their version."""
    row = await get_template(session, template_id, by)
    match.require(row)
    row.state = _moved(row, TemplateMove.ARCHIVE)
    emit(session, TemplateArchived(template_id=row.id))
    return await _changed(session, row, "template.archived", by, ["state"])


async def list_versions(session: AsyncSession, template_id: UUID, by: Principal) -> list[TemplateVersion]:
    """All versions, newest first."""
    row = await get_template(session, template_id, by)
    return await versions_of(session, row.id)


async def render_template(
    session: AsyncSession, template_id: UUID, body: TemplateRender, *, by: Principal
) -> RenderRead:
    """The text of a version with values put in, what is missing, and what the check finds."""
    require_known_values(body.values)
    if body.channel is not None:
        await reply_check.require_channel(session, body.channel, "/channel")
    row = await get_template(session, template_id, by)
    number = body.version if body.version is not None else row.latest_version
    version = await version_of(session, row.id, number)
    if version is None:
        raise unknown_reference("/version")
    text = rules.render(version.text, body.values)
    lacking = [name for name in rules.placeholders_in(version.text) if name not in body.values]
    findings = await reply_check.find(session, text, channel=body.channel)
    return RenderRead(
        text=text,
        missing=lacking,
        template_version=version.number,
        findings=[FindingRead.model_validate(one) for one in findings],
    )


def require_known_values(values: Mapping[str, str]) -> None:
    """Raise 422 with a pointer for every value that no placeholder takes."""
    unknown = sorted(set(values) - rules.PLACEHOLDERS)
    if unknown:
        ru, en = "Такого поля подстановки нет.", "There is no such placeholder."
        raise Invalid(faults=[Fault(f"/values/{name}", "unknown_placeholder", ru, en) for name in unknown])


def search_text(version: TemplateVersion) -> str:
    """What a search by words looks at."""
    return searched(" ".join([version.title, *version.keywords, *version.examples, version.text]))


def _moved(row: ReplyTemplate, move: TemplateMove) -> TemplateState:
    state = rules.MOVES[row.state].get(move)
    if state is None:
        raise MoveNotAllowed(row.state.value, move.value)
    return state


async def _version(session: AsyncSession, row: ReplyTemplate, number: int) -> TemplateVersion:
    version = await version_of(session, row.id, number)
    if version is None:
        raise TemplateNotFound
    return version


async def _changed(
    session: AsyncSession, row: ReplyTemplate, action: str, by: Principal, fields: list[str]
) -> ReplyTemplate:
    row.updated_at = clock.now()
    audit.record(session, by, action, "reply_template", row.id, fields=fields)
    await session.flush()  # the version is counted at the flush
    return row


def _require_known_placeholders(text: str) -> None:
    spans = rules.unknown_placeholders(text)
    if spans:
        known = ", ".join(sorted(f"{{{name}}}" for name in rules.PLACEHOLDERS))
        raise Invalid(
            faults=[
                Fault(
                    "/text",
                    "unknown_placeholder",
                    f"Знаки {span.start}–{span.end}: неизвестная подстановка; возможны {known}.",
                    f"Characters {span.start} to {span.end}: unknown placeholder; known are {known}.",
                )
                for span in spans[:20]
            ]
        )
