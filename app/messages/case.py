"""A message as a printable case: PDF made from `data/case.typ`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.printing import pdf
from app.core.security import Principal
from app.interaction_points.models import Point
from app.messages.models import Message
from app.messages.queries import read_messages, read_timeline
from app.messages.rules.lives import STATES_RU
from app.messages.sheet import WORDS_RU
from app.organizations.models import Employee, Topic, Unit

TEMPLATE = Path(__file__).parent / "data" / "case.typ"
DEADLINES_RU = {"running": "идёт", "paused": "приостановлен", "met": "исполнен", "missed": "пропущен"}


async def print_case(session: AsyncSession, row: Message, by: Principal) -> bytes:
    """The case as PDF, with what the caller may see."""
    told = await _told(session, row, by)
    return await asyncio.to_thread(pdf, TEMPLATE, told)


async def _told(session: AsyncSession, row: Message, by: Principal) -> dict[str, Any]:
    (shown,) = await read_messages(session, [row], by)
    point = await session.get_one(Point, row.point_id)
    unit = await session.get_one(Unit, row.unit_id)
    topic = await session.get(Topic, row.topic_id) if row.topic_id else None
    assignee = await session.get(Employee, row.assignee_id) if row.assignee_id else None
    facts = [
        ("Состояние", STATES_RU[row.state]),
        ("Вид", WORDS_RU[row.message_class]),
        ("Клиент", row.client["name"]),
        ("Точка взаимодействия", point.name),
        ("Получено", _moment(row.received_at)),
        ("Зарегистрировано", _moment(row.registered_at)),
        ("Подразделение", unit.name),
        ("Исполнитель", assignee.name if assignee else None),
        ("Компетенция", WORDS_RU[row.competence] if row.competence else None),
        ("Тема", topic.name if topic else None),
        ("Потребность", row.need["summary"] if row.need else None),
        ("Перенаправлено", row.redirected_to),
        ("Регистрационный номер обращения", row.registration_number),
    ]
    return {
        "number": row.number,
        "printed": _moment(clock.now()),
        "facts": [[name, value] for name, value in facts if value],
        "thread": [
            ["Клиент" if entry.kind == "message" else "Ответ", _moment(entry.at), entry.text] for entry in shown.thread
        ],
        "deadlines": [
            [one.name, _moment(one.due_at), DEADLINES_RU[one.state], one.legal_act or "цель без акта"]
            for one in shown.deadlines
        ],
        "timeline": [
            [_moment(entry.at), entry.what]
            for entry in await read_timeline(session, row, by)
            if entry.kind not in ("message", "reply")
        ],
    }


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(clock.LOCAL_ZONE):%d.%m.%Y %H:%M}"
