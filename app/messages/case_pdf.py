"""A message as a printable case: PDF made from `data/case.typ`."""

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
from app.messages.export import WORDS_RU
from app.messages.models import Message
from app.messages.queries import read_messages, read_timeline
from app.messages.rules.states import STATES_RU
from app.messages.schemas.messages import ContactRead, MessageRead, TimelineEntryRead
from app.organizations.models import Employee, Topic, Unit

TEMPLATE = Path(__file__).parent / "data" / "case.typ"
NOBODY = "—"
OTHER_SYSTEM = "внешняя система"
CLIENTS_RU = {
    "individual": "физическое лицо",
    "legal_entity": "юридическое лицо",
    "sole_proprietor": "индивидуальный предприниматель",
}
REPLIES_RU = {"answer": "ответ", "channel_transfer": "предложение другого канала", "notice": "уведомление"}
NO_ANSWER_RU = {
    "no_name_or_address": "нет фамилии или адреса для ответа",
    "unreadable": "текст не поддаётся прочтению",
    "essence_unclear": "по тексту не определить суть",
    "obscene_or_threatening": "оскорбления или угрозы",
    "answered_repeatedly": "на вопрос неоднократно давались ответы",
}
DEADLINES_RU = {"running": "идёт", "paused": "приостановлен", "met": "исполнен", "missed": "пропущен"}


async def render_case_pdf(session: AsyncSession, row: Message, by: Principal) -> bytes:
    """The case as PDF, with what the caller may see."""
    told = await _told(session, row, by)
    return await asyncio.to_thread(render_pdf, TEMPLATE, told)


async def _told(session: AsyncSession, row: Message, by: Principal) -> dict[str, Any]:
    (shown,) = await read_messages(session, [row], by)
    timeline = [entry for entry in await read_timeline(session, row, by) if entry.kind not in ("message", "reply")]
    names = await _names(session, shown, timeline)
    return {
        "number": row.number,
        "printed": _moment(clock.now()),
        "facts": [[name, value] for name, value in await _facts(session, row, shown, names) if value],
        "thread": [
            ["Клиент" if entry.kind == "message" else "Ответ", _moment(entry.at), entry.text] for entry in shown.thread
        ],
        "deadlines": [
            [one.name, _moment(one.due_at), DEADLINES_RU[one.state], one.legal_act or "цель без акта"]
            for one in shown.deadlines
        ],
        "replies": [
            [
                REPLIES_RU[reply.kind],
                STATES_RU[reply.state] + (f": {reply.returned_reason}" if reply.returned_reason else ""),
                names.get(reply.drafted_by),
                names.get(reply.approved_by) if reply.approved_by else NOBODY,
                _moment(reply.sent_at) if reply.sent_at else NOBODY,
            ]
            for reply in shown.replies
        ],
        "timeline": [
            [_moment(entry.at), entry.what, names.get(entry.by, OTHER_SYSTEM) if entry.by else NOBODY]
            for entry in timeline
        ],
    }


async def _facts(
    session: AsyncSession, row: Message, shown: MessageRead, names: Mapping[UUID, str]
) -> list[tuple[str, str | None]]:
    """What stands on the first page; what is not known is left out."""
    point = await session.get_one(Point, row.point_id)
    unit = await session.get_one(Unit, row.unit_id)
    topic = await session.get(Topic, row.topic_id) if row.topic_id else None
    act = await session.get(LegalAct, row.redirect_act_id) if row.redirect_act_id else None
    client, acting = shown.client, shown.client.representative
    need = shown.need
    return [
        ("Состояние", STATES_RU[row.state]),
        ("Вид", WORDS_RU[row.message_class]),
        ("Срочность", WORDS_RU[row.priority]),
        ("Клиент", f"{client.name}, {CLIENTS_RU[client.kind]}"),
        ("Контакты", _contacts(client.contacts)),
        ("Представитель", f"{acting.name}, {acting.authority}" if acting else None),
        ("Контакты представителя", _contacts(acting.contacts) if acting else None),
        ("Точка взаимодействия", point.name),
        ("Получено", _moment(row.received_at)),
        ("Зарегистрировано", _moment(row.registered_at)),
        ("Вложения", ", ".join(one.name for one in shown.attachments)),
        ("Подразделение", unit.name),
        ("Исполнитель", names.get(row.assignee_id) if row.assignee_id else None),
        ("Компетенция", WORDS_RU[row.competence] if row.competence else None),
        ("Основание решения", row.triage_reason),
        ("Решение принято", f"{_moment(need.recorded_at)}, {names.get(need.recorded_by)}" if need else None),
        ("Тема", topic.name if topic else None),
        ("Потребность", need.summary if need else None),
        (
            "Перенаправлено",
            f"{row.redirected_to}{f' ({act.short_title})' if act else ''}" if row.redirected_to else None,
        ),
        ("Регистрационный номер обращения", row.registration_number),
        ("Обращение поступило", row.came_by),
        ("Обращение зарегистрировано", _moment(row.appeal_registered_at) if row.appeal_registered_at else None),
        ("Ответ не даётся", NO_ANSWER_RU[row.no_answer_reason] if row.no_answer_reason else None),
    ]


async def _names(session: AsyncSession, shown: MessageRead, timeline: Sequence[TimelineEntryRead]) -> dict[UUID, str]:
    """The names of the employees whose deeds are told."""
    ids = {entry.by for entry in timeline} | {reply.drafted_by for reply in shown.replies}
    ids |= {reply.approved_by for reply in shown.replies} | {shown.assignee_id, shown.triaged_by}
    query = select(Employee.id, Employee.name).where(col(Employee.id).in_(ids - {None}))
    return dict((await session.exec(query)).all())


def _contacts(contacts: Sequence[ContactRead]) -> str:
    return ", ".join(f"{contact.kind}: {contact.value}" for contact in contacts)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(clock.LOCAL_ZONE):%d.%m.%Y %H:%M}"
