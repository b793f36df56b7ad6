"""A message as a printable case, rendered to PDF from `data/case.typ`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.security import Principal
from app.documents.pdf import render_pdf
from app.legal_acts import service as legal_acts
from app.messages.export import LABELS_RU
from app.messages.queries.message_reads import read_message
from app.messages.queries.names import MessageNames, load_names
from app.messages.queries.timeline import build_timeline
from app.messages.rules.states import STATES_RU
from app.messages.schemas.messages import ContactRead, MessageRead, TimelineEntryRead
from app.messages.service.access import get_message
from app.organizations import service as organizations

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


@dataclass(frozen=True, slots=True)
class Case:
    """A message with everything that its printed case shows, loaded from the database."""

    message: MessageRead
    timeline: Sequence[TimelineEntryRead]
    names: MessageNames
    people: Mapping[UUID, str]
    """The names of the employees by id."""
    redirect_act: str | None


async def load_case(session: AsyncSession, message_id: UUID, by: Principal) -> Case:
    """Load a case with the data visible to the caller, in a constant number of queries. Raises `MessageNotFound`."""
    row = await get_message(session, message_id, by)
    read = await read_message(session, row, by)
    timeline = [entry for entry in await build_timeline(session, read, by) if entry.kind not in ("message", "reply")]
    names = (await load_names(session, [row.id]))[row.id]
    act = await legal_acts.get_act(session, row.redirect_act_id) if row.redirect_act_id else None
    people = await organizations.load_employee_names(session, _list_people(read, timeline))
    return Case(read, timeline, names, people, act.short_title if act else None)


def render_case_pdf(case: Case) -> bytes:
    """Render a case to PDF. Takes a second, so it is called without a transaction, in a thread."""
    return render_pdf(TEMPLATE, _build_data(case))


def _build_data(case: Case) -> dict[str, Any]:
    read, people = case.message, case.people
    return {
        "number": read.number,
        "printed": _format_moment(clock.now()),
        "facts": [[name, value] for name, value in _list_facts(case) if value],
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
                people.get(reply.drafted_by),
                people.get(reply.approved_by) if reply.approved_by else EMPTY,
                _format_moment(reply.sent_at) if reply.sent_at else EMPTY,
            ]
            for reply in read.replies
        ],
        "timeline": [
            [_format_moment(entry.at), entry.what, people.get(entry.by, OTHER_SYSTEM) if entry.by else EMPTY]
            for entry in case.timeline
        ],
    }


def _list_facts(case: Case) -> list[tuple[str, str | None]]:
    """Return the labels and values of the first page; None for an unknown value."""
    read, people = case.message, case.people
    client, representative = read.client, read.client.representative
    need, redirect, appeal = read.need, read.redirect, read.appeal
    return [
        ("Состояние", STATES_RU[read.state]),
        ("Вид", LABELS_RU[read.message_class]),
        ("Срочность", LABELS_RU[read.priority]),
        ("Клиент", f"{client.name}, {CLIENTS_RU[client.kind]}"),
        ("Контакты", _format_contacts(client.contacts)),
        ("Представитель", f"{representative.name}, {representative.authority}" if representative else None),
        ("Контакты представителя", _format_contacts(representative.contacts) if representative else None),
        ("Точка взаимодействия", case.names.point),
        ("Получено", _format_moment(read.received_at)),
        ("Зарегистрировано", _format_moment(read.registered_at)),
        ("Вложения", ", ".join(file.name for file in read.attachments)),
        ("Подразделение", case.names.unit),
        ("Исполнитель", people.get(read.assignee_id) if read.assignee_id else None),
        ("Компетенция", LABELS_RU[read.competence] if read.competence else None),
        ("Основание решения", read.triage_reason),
        ("Решение принято", f"{_format_moment(need.recorded_at)}, {people.get(need.recorded_by)}" if need else None),
        ("Тема", case.names.topic),
        ("Потребность", need.summary if need else None),
        (
            "Перенаправлено",
            f"{redirect.to}{f' ({case.redirect_act})' if case.redirect_act else ''}" if redirect else None,
        ),
        ("Регистрационный номер обращения", appeal.registration_number if appeal else None),
        ("Обращение поступило", appeal.came_by if appeal else None),
        ("Обращение зарегистрировано", _format_moment(appeal.registered_at) if appeal else None),
        ("Основание оставления без ответа", NO_ANSWER_RU[read.no_answer_reason] if read.no_answer_reason else None),
    ]


def _list_people(read: MessageRead, timeline: Sequence[TimelineEntryRead]) -> set[UUID | None]:
    """Return the ids of the employees mentioned in the case."""
    ids = {entry.by for entry in timeline} | {reply.drafted_by for reply in read.replies}
    return ids | {reply.approved_by for reply in read.replies} | {read.assignee_id, read.triaged_by}


def _format_contacts(contacts: Sequence[ContactRead]) -> str:
    return ", ".join(f"{contact.kind}: {contact.value}" for contact in contacts)


def _format_moment(moment: datetime) -> str:
    return f"{moment.astimezone(clock.LOCAL_ZONE):%d.%m.%Y %H:%M}"
