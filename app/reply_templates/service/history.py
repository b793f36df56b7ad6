"""Differences between versions, and outdated mentions in templates in use (O-6.2.6)."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.security import Principal
from app.core.validity import Validity
from app.legal_acts import service as legal_acts
from app.organizations import service as organizations
from app.reply_templates.errors import TemplateNotFound
from app.reply_templates.models import ReplyTemplate, TemplateVersion
from app.reply_templates.queries import load_templates_in_use, load_version, load_versions_by_number
from app.reply_templates.rules import act_citations, diff
from app.reply_templates.schemas import (
    DiffPartRead,
    DiffRead,
    ListChangeRead,
    MentionKind,
    MentionRead,
    OutdatedRead,
    TextChangeRead,
)
from app.reply_templates.service.access import get_own_template, get_version

if TYPE_CHECKING:
    from app.legal_acts.models import LegalAct

NAMES_RU: Mapping[str, str] = {
    "title": "Название",
    "text": "Текст",
    "keywords": "Ключевые слова",
    "examples": "Типовые сообщения",
    "topics": "Темы",
    "defaults": "Значения по умолчанию",
}
NO_CHANGES = "Содержание не изменилось."
BATCH_SIZE = 200


async def compare_versions(
    session: AsyncSession, template_id: UUID, number: int, against: int | None, *, by: Principal
) -> DiffRead:
    """Return the differences between a version and another one, by default the previous one.

    The first version is compared with an empty one. Raises `TemplateNotFound`.
    """
    row = await get_own_template(session, template_id, by)
    new = await get_version(session, row, number)
    other = against if against is not None else number - 1
    old = await load_version(session, row.id, other)
    if old is None and other != 0:
        raise TemplateNotFound
    topic_ids = [UUID(topic_id) for topic_id in [*new.topic_ids, *(old.topic_ids if old else [])]]
    topics = await organizations.load_topic_names(session, topic_ids)
    return await asyncio.to_thread(_compare, row.id, old, new, topics)


def _compare(
    template_id: UUID, old: TemplateVersion | None, new: TemplateVersion, topics: Mapping[UUID, str]
) -> DiffRead:
    before, after = _get_content(old, topics), _get_content(new, topics)
    fields: tuple[Literal["title", "text"], ...] = ("title", "text")
    lists: tuple[Literal["keywords", "examples", "topics", "defaults"], ...] = (
        "keywords",
        "examples",
        "topics",
        "defaults",
    )
    text_changes = [_compare_text(name, before[name], after[name]) for name in fields if before[name] != after[name]]
    list_changes = [
        ListChangeRead(field=name, name=NAMES_RU[name], added=added, removed=removed)
        for name in lists
        for added, removed in [diff.added_and_removed(before[name], after[name])]
        if added or removed
    ]
    summary = [f"{change.name}: {change.readable}" for change in text_changes]
    for change in list_changes:
        summary += [f"{change.name}: добавлено «{item}»" for item in change.added]
        summary += [f"{change.name}: убрано «{item}»" for item in change.removed]
    return DiffRead(
        template_id=template_id,
        version=new.number,
        against=old.number if old else 0,
        texts=text_changes,
        lists=list_changes,
        summary=summary or [NO_CHANGES],
    )


def _get_content(version: TemplateVersion | None, topics: Mapping[UUID, str]) -> dict[str, Any]:
    if version is None:
        return {"title": "", "text": "", "keywords": [], "examples": [], "topics": [], "defaults": []}
    return {
        "title": version.title,
        "text": version.text,
        "keywords": version.keywords,
        "examples": version.examples,
        "topics": [topics[UUID(topic_id)] for topic_id in version.topic_ids],
        "defaults": [f"{name}: {value}" for name, value in sorted(version.defaults.items())],
    }


def _compare_text(name: Literal["title", "text"], old: str, new: str) -> TextChangeRead:
    parts = diff.compare(old, new)
    part_reads = [DiffPartRead(kind=part.kind, text=part.text) for part in parts]
    return TextChangeRead(field=name, name=NAMES_RU[name], parts=part_reads, readable=diff.readable(parts))


async def find_outdated(
    session: AsyncSession, by: Principal, *, before: UUID | None, wanted: int
) -> list[OutdatedRead]:
    """Return templates of the caller's unit whose text in use mentions a past date or an act no longer in force.

    They are the newest ones older than `before`, at least as many as wanted unless there are fewer.
    """
    acts = list((await legal_acts.load_acts(session)).values())
    found: list[OutdatedRead] = []
    while len(found) < wanted:
        rows = await load_templates_in_use(session, by, before=before, limit=BATCH_SIZE)
        versions = await load_versions_by_number(session, {row.id: row.published_version for row in rows})
        found += await asyncio.to_thread(_find_outdated, rows, versions, acts, clock.today())
        if len(rows) < BATCH_SIZE:
            break
        before = rows[-1].id
    return found


def _find_outdated(
    rows: Sequence[ReplyTemplate], versions: Mapping[UUID, TemplateVersion], acts: "Sequence[LegalAct]", today: date
) -> list[OutdatedRead]:
    closed = [act for act in acts if Validity(last=act.closed_on).is_over(today)]
    in_force = {act_citations.same_number(act.number) for act in acts if act not in closed}
    found = []
    for row in rows:
        version = versions[row.id]
        written_on = clock.local_date(row.reviewed_at or version.published_at or version.created_at)
        fields = {"title": version.title, "text": version.text}
        fields |= {f"defaults/{name}": value for name, value in version.defaults.items()}
        mentions = [
            mention
            for field, text in fields.items()
            for mention in [
                *_find_past_dates(field, text, written_on, today),
                *_find_closed_acts(field, text, closed, in_force),
            ]
        ]
        if mentions:
            values = row.model_dump(include={"unit_id", "key"}) | {"template_id": row.id, "title": version.title}
            found.append(OutdatedRead(**values, template_version=version.number, mentions=mentions))
    return found


def _find_past_dates(field: str, text: str, written_on: date, today: date) -> list[MentionRead]:
    return [
        MentionRead(
            kind=MentionKind.DATE,
            field=field,
            start=passed.start,
            end=passed.end,
            quote=text[passed.start : passed.end],
            reason=f"Дата {passed.day:%d.%m.%Y} уже прошла.",
            day=passed.day,
            legal_act_id=None,
        )
        for passed in act_citations.find_passed_days(text, written_on, today)
    ]


def _find_closed_acts(field: str, text: str, closed: "Sequence[LegalAct]", in_force: set[str]) -> list[MentionRead]:
    return [
        MentionRead(
            kind=MentionKind.LEGAL_ACT,
            field=field,
            start=cited.start,
            end=cited.end,
            quote=text[cited.start : cited.end],
            reason=f"{act.short_title} не действует: последний день действия — {act.closed_on:%d.%m.%Y}.",
            day=act.closed_on,
            legal_act_id=act.id,
        )
        for cited in act_citations.find_acts(text)
        for act in closed
        if act.closed_on is not None and act_citations.is_same_act(cited, act.number, act.signed_on, in_force)
    ]
