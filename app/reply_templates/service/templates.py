"""Create and edit templates: drafts, versions, typical messages and shares (O-6.2.6)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.etags import IfMatch
from app.core.outbox import emit
from app.core.problems import FieldError, ValidationFailed
from app.core.references import unknown_reference
from app.core.security import Principal
from app.language.masking import mask_personal_data
from app.language.normalization import normalize
from app.organizations import service as organizations
from app.reply_templates.commands import NewTemplate, TemplateDraft
from app.reply_templates.errors import TooManyExamples
from app.reply_templates.events import TemplateChanged
from app.reply_templates.models import ReplyTemplate, TemplateShare, TemplateVersion
from app.reply_templates.queries import load_shared_units, load_versions
from app.reply_templates.rules import placeholders
from app.reply_templates.rules.states import TEMPLATE_TRANSITIONS, TemplateMove, TemplateState
from app.reply_templates.rules.template_drafts import MAX_EXAMPLES, to_example, to_one_line, to_template_text
from app.reply_templates.service import review
from app.reply_templates.service.access import (
    build_search_text,
    get_own_template,
    get_template,
    get_version,
    mark_changed,
)
from app.reply_templates.service.rendering import find_value_errors

CONTENT = ("title", "text", "keywords", "examples", "topic_ids", "defaults")
"""The fields whose change creates a new version; a note alone creates one too."""
MAX_TEXT = 10_000


async def create_template(session: AsyncSession, new: NewTemplate, *, by: Principal) -> ReplyTemplate:
    """Create a draft template in the knowledge base of the caller's unit."""
    if new.unit_id != by.unit_id:
        raise unknown_reference("/unit_id")
    require_sound_content(new.text, new.defaults)
    await organizations.load_open_topics(session, list(new.topic_ids), new.unit_id, "/topic_ids")
    await _require_shareable(session, new.shared_unit_ids, new.unit_id)
    return await add_template(session, new, by=by)


async def draft_template(
    session: AsyncSession,
    draft: TemplateDraft,
    *,
    unit_id: UUID,
    messages: Sequence[str],
    answer: str | None,
    keywords: Sequence[str],
    by: Principal,
) -> ReplyTemplate:
    """Create a draft from messages and a reply to one of them, all without personal data; `draft` takes precedence."""
    text = draft.text or (to_template_text(answer) if answer is not None else "")
    if not text:
        ru, en = "На эти сообщения ещё нет ответа: укажите текст.", "There is no reply yet: enter a text."
        raise ValidationFailed(field_errors=[FieldError("/text", "missing", ru, en)])
    if len(text) > MAX_TEXT:  # a mask may be longer than the text it replaces
        ru, en = "Ответ слишком длинный для шаблона: укажите текст.", "The reply is too long: enter a text."
        raise ValidationFailed(field_errors=[FieldError("/text", "string_too_long", ru, en)])
    examples = list(dict.fromkeys(map(to_example, messages)))
    new = NewTemplate(
        unit_id=unit_id,
        key=draft.key,
        title=draft.title or to_one_line(examples[0]),
        text=text,
        keywords=draft.keywords if draft.keywords is not None else keywords,
        examples=examples,
    )
    return await create_template(session, new, by=by)


async def add_template(session: AsyncSession, new: NewTemplate, *, by: Principal) -> ReplyTemplate:
    """Create a template whose references have been validated."""
    moment = clock.now()
    row = ReplyTemplate(
        unit_id=new.unit_id,
        key=new.key,
        state=TemplateState.DRAFT,
        search_text="",
        created_by=by.id,
        created_at=moment,
        updated_at=moment,
        review_days=new.review_days,
    )
    session.add(row)
    await session.flush()  # the version references the template, and a duplicate key fails here
    version = _build_version(row.id, 1, {name: getattr(new, name) for name in CONTENT}, by)
    session.add(version)
    row.search_text = build_search_text(version)
    await _set_shares(session, row, new.shared_unit_ids)
    audit.record(session, by, "template.created", "reply_template", row.id)
    await session.flush()  # the event carries the version of the row
    emit(session, TemplateChanged(template_id=row.id, template_version=row.version))
    return row


async def edit_template(
    session: AsyncSession, template_id: UUID, changes: Mapping[str, Any], match: IfMatch, *, by: Principal
) -> ReplyTemplate:
    """Update a template; a content change creates a new draft version, and the published one stays in use."""
    row = await get_own_template(session, template_id, by)
    before = await get_version(session, row, row.latest_version)
    require_sound_content(changes.get("text", before.text), changes.get("defaults", before.defaults))
    if "topic_ids" in changes:
        await organizations.load_open_topics(session, changes["topic_ids"], row.unit_id, "/topic_ids")
    await _require_shareable(session, changes.get("shared_unit_ids", ()), row.unit_id)
    match.require(row)
    return await change_template(session, row, before, changes, by=by)


async def change_template(
    session: AsyncSession, row: ReplyTemplate, before: TemplateVersion, changes: Mapping[str, Any], *, by: Principal
) -> ReplyTemplate:
    """Apply validated changes to a template; `before` is its newest version."""
    # An archived template cannot be changed, its shares included.
    state = TEMPLATE_TRANSITIONS.require(row.state, TemplateMove.EDIT)
    if changes.keys() & {*CONTENT, "note"}:
        content = {name: changes.get(name, getattr(before, name)) for name in CONTENT}
        version = _build_version(row.id, row.latest_version + 1, content | {"note": changes.get("note")}, by)
        session.add(version)
        row.state, row.latest_version, row.search_text = state, version.number, build_search_text(version)
    if "shared_unit_ids" in changes:
        await _set_shares(session, row, changes["shared_unit_ids"])
    if "review_days" in changes:
        row.review_days = changes["review_days"]
        await review.compute_next_review(session, row)
    return await mark_changed(session, row, "template.edited", by, sorted(changes)) if changes else row


async def list_versions(
    session: AsyncSession, template_id: UUID, by: Principal
) -> tuple[Sequence[TemplateVersion], bool]:
    """Return the versions, newest first, and whether the caller's unit owns the template.

    Only the published version of another unit's template is returned.
    """
    row = await get_template(session, template_id, by)
    if row.unit_id != by.unit_id and row.published_version is not None:
        return [await get_version(session, row, row.published_version)], False
    return await load_versions(session, row.id), True


async def add_example(
    session: AsyncSession, template_id: UUID, text: str, match: IfMatch, *, by: Principal
) -> ReplyTemplate:
    """Add a typical message entered by an employee; possible personal data is masked."""
    row = await get_own_template(session, template_id, by, lock=True)
    match.require(row)
    return await _add_example(session, row, mask_personal_data(text), by)


async def add_example_from_message(
    session: AsyncSession, template_id: UUID, text: str, *, by: Principal
) -> ReplyTemplate:
    """Add a message that was answered with the template; the caller has already removed its personal data."""
    row = await get_own_template(session, template_id, by, lock=True)
    return await _add_example(session, row, text, by)


async def _add_example(session: AsyncSession, row: ReplyTemplate, example: str, by: Principal) -> ReplyTemplate:
    """Add a typical message without a new version or approval, because it only affects search."""
    if row.state is TemplateState.ARCHIVED:
        raise TEMPLATE_TRANSITIONS.refuse(row.state, TemplateMove.EDIT)
    example = to_example(example)
    is_new = False
    for number in {row.latest_version, row.published_version or row.latest_version}:
        version = await get_version(session, row, number)
        if normalize(example) in map(normalize, version.examples):
            continue
        if len(version.examples) >= MAX_EXAMPLES:
            raise TooManyExamples
        version.examples = [*version.examples, example]
        is_new = True
        if number == row.latest_version:
            row.search_text = build_search_text(version)
        if number == row.published_version:
            row.published_search_text = build_search_text(version)
    return await mark_changed(session, row, "template.example_added", by, ["examples"]) if is_new else row


def require_sound_content(text: str, defaults: Mapping[str, str]) -> None:
    """Raise 422 for unknown placeholders in the text and for invalid defaults."""
    if errors := [*find_text_errors(text), *find_value_errors(defaults, "/defaults")]:
        raise ValidationFailed(field_errors=errors)


def find_text_errors(text: str) -> list[FieldError]:
    """Return the errors of unknown placeholders in a text, at most 20."""
    known = ", ".join(sorted(f"{{{name}}}" for name in placeholders.PLACEHOLDERS))
    return [
        FieldError(
            "/text",
            "unknown_placeholder",
            f"Символы {span.start}–{span.end}: неизвестное поле подстановки. Доступны: {known}.",
            f"Characters {span.start} to {span.end}: unknown placeholder. Available: {known}.",
        )
        for span in placeholders.find_unknown_placeholders(text)[:20]
    ]


def _build_version(template_id: UUID, number: int, content: Mapping[str, Any], by: Principal) -> TemplateVersion:
    lists = {name: list(map(str, content[name])) for name in ("keywords", "examples", "topic_ids")}
    values = {**content, **lists, "defaults": dict(content["defaults"])}
    return TemplateVersion(template_id=template_id, number=number, **values, author_id=by.id, created_at=clock.now())


async def _require_shareable(session: AsyncSession, unit_ids: Sequence[UUID], own_id: UUID) -> None:
    """Raise 422 unless every unit is open and is not the template's own unit."""
    for place, unit_id in enumerate(unit_ids):
        pointer = f"/shared_unit_ids/{place}"
        if unit_id == own_id:
            ru, en = "Шаблон уже принадлежит этому подразделению.", "The template already belongs to this unit."
            raise ValidationFailed(field_errors=[FieldError(pointer, "own_unit", ru, en)])
        await organizations.get_open_unit(session, unit_id, None, pointer)


async def _set_shares(session: AsyncSession, row: ReplyTemplate, unit_ids: Iterable[UUID]) -> None:
    known = set((await load_shared_units(session, [row.id]))[row.id])
    requested = set(unit_ids)
    if removed := known - requested:
        is_of_template = col(TemplateShare.template_id) == row.id
        await session.exec(sa.delete(TemplateShare).where(is_of_template, col(TemplateShare.unit_id).in_(removed)))
    session.add_all([TemplateShare(template_id=row.id, unit_id=unit_id) for unit_id in sorted(requested - known)])
