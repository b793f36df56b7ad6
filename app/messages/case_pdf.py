"""A message as a printable case, rendered to PDF from `data/case.typ`."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.security import Principal
from app.documents.pdf import render_pdf
from app.interaction_points.models import Point
from app.legal_acts.models import LegalAct
from app.messages.export import LABELS_RU
from app.messages.models import Message
from app.messages.queries import build_message_reads, build_timeline
from app.messages.rules.states import STATES_RU
from app.messages.schemas.messages import ContactRead, MessageRead, TimelineEntryRead
from app.organizations.models import Employee, Topic, Unit

TEMPLATE = Path(__file__).parent / "data" / "case.typ"
EMPTY = "—"
OTHER_SYSTEM = "внешняя система"
CLIENTS_RU = {
    "individual": "физическое лицо",
    "legal_entity": "юридическое лицо",
    "sole_proprietor": "индивидуальный предприниматель",
}
REPLIES_RU = {"answer": "ответ", "channel_transfer": "предложение другого канала", "notice": "уведомление"}
NO_ANSWER_RU = {
    "no_name_or_address": "не указаны фамилия или адрес для ответа",
    "unreadable": "текст не поддаётся прочтению",
    "essence_unclear": "текст не позволяет определить суть обращения",
    "obscene_or_threatening": "содержит нецензурные либо оскорбительные выражения или угрозы",
    "answered_repeatedly": "на вопрос неоднократно давались письменные ответы по существу",
}
DEADLINES_RU = {"running": "идёт", "paused": "приостановлен", "met": "исполнен", "missed": "пропущен"}


async def render_case_pdf(session: AsyncSession, row: Message, by: Principal) -> bytes:
    """Return the case as PDF, with the data visible to the caller."""
    data = await _load_data(session, row, by)
    return await asyncio.to_thread(render_pdf, TEMPLATE, data)


async def _load_data(session: AsyncSession, row: Message, by: Principal) -> dict[str, Any]:
    (read,) = await build_message_reads(session, [row], by)
    timeline = [entry for entry in await build_timeline(session, row, by) if entry.kind not in ("message", "reply")]
    names = await _load_names(session, read, timeline)
    return {
        "number": row.number,
        "printed": _format_moment(clock.now()),
        "facts": [[name, value] for name, value in await _load_facts(session, row, read, names) if value],
        "thread": [
            ["Клиент" if entry.kind == "message" else "Ответ", _format_moment(entry.at), entry.text]
            for entry in read.thread
        ],
        "deadlines": [
            [
                deadline.name,
                _format_moment(deadline.due_at),
                DEADLINES_RU[deadline.state],
                deadline.legal_act or "целевой срок",
            ]
            for deadline in read.deadlines
        ],
        "replies": [
            [
                REPLIES_RU[reply.kind],
                STATES_RU[reply.state] + (f": {reply.returned_reason}" if reply.returned_reason else ""),
                names.get(reply.drafted_by),
                names.get(reply.approved_by) if reply.approved_by else EMPTY,
                _format_moment(reply.sent_at) if reply.sent_at else EMPTY,
            ]
            for reply in read.replies
        ],
        "timeline": [
            [_format_moment(entry.at), entry.what, names.get(entry.by, OTHER_SYSTEM) if entry.by else EMPTY]
            for entry in timeline
        ],
    }


async def _load_facts(
    session: AsyncSession, row: Message, read: MessageRead, names: Mapping[UUID, str]
) -> list[tuple[str, str | None]]:
    """Return the labels and values of the first page; None for an unknown value."""
    point = await session.get_one(Point, row.point_id)
    unit = await session.get_one(Unit, row.unit_id)
    topic = await session.get(Topic, row.topic_id) if row.topic_id else None
    act = await session.get(LegalAct, row.redirect_act_id) if row.redirect_act_id else None
    client, representative = read.client, read.client.representative
    need = read.need
    return [
        ("Состояние", STATES_RU[row.state]),
        ("Вид", LABELS_RU[row.message_class]),
        ("Срочность", LABELS_RU[row.priority]),
        ("Клиент", f"{client.name}, {CLIENTS_RU[client.kind]}"),
        ("Контакты", _format_contacts(client.contacts)),
        ("Представитель", f"{representative.name}, {representative.authority}" if representative else None),
        ("Контакты представителя", _format_contacts(representative.contacts) if representative else None),
        ("Точка взаимодействия", point.name),
        ("Получено", _format_moment(row.received_at)),
        ("Зарегистрировано", _format_moment(row.registered_at)),
        ("Вложения", ", ".join(file.name for file in read.attachments)),
        ("Подразделение", unit.name),
        ("Исполнитель", names.get(row.assignee_id) if row.assignee_id else None),
        ("Компетенция", LABELS_RU[row.competence] if row.competence else None),
        ("Основание решения", row.triage_reason),
        ("Решение принято", f"{_format_moment(need.recorded_at)}, {names.get(need.recorded_by)}" if need else None),
        ("Тема", topic.name if topic else None),
        ("Потребность", need.summary if need else None),
        (
            "Перенаправлено",
            f"{row.redirected_to}{f' ({act.short_title})' if act else ''}" if row.redirected_to else None,
        ),
        ("Регистрационный номер обращения", row.registration_number),
        ("Обращение поступило", row.came_by),
        ("Обращение зарегистрировано", _format_moment(row.appeal_registered_at) if row.appeal_registered_at else None),
        ("Основание оставления без ответа", NO_ANSWER_RU[row.no_answer_reason] if row.no_answer_reason else None),
    ]


async def _load_names(
    session: AsyncSession, read: MessageRead, timeline: Sequence[TimelineEntryRead]
) -> dict[UUID, str]:
    """Return the names of the employees mentioned in the case."""
    ids = {entry.by for entry in timeline} | {reply.drafted_by for reply in read.replies}
    ids |= {reply.approved_by for reply in read.replies} | {read.assignee_id, read.triaged_by}
    query = select(Employee.id, Employee.name).where(col(Employee.id).in_(ids - {None}))
    return dict((await session.exec(query)).all())


def _format_contacts(contacts: Sequence[ContactRead]) -> str:
    return ", ".join(f"{contact.kind}: {contact.value}" for contact in contacts)


def _format_moment(moment: datetime) -> str:
    return f"{moment.astimezone(clock.LOCAL_ZONE):%d.%m.%Y %H:%M}"
