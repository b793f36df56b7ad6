"""Export of messages as a table, one row per message, with the terms of the order."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.clients import service as clients
from app.core import clock
from app.core.db import Database
from app.documents.tables.writer import Row
from app.messages.models import Message, Reply
from app.messages.queries.names import MessageNames, load_names
from app.messages.queries.replies import load_sent_replies
from app.messages.rules.states import STATES_RU
from app.organizations import service as organizations

PAGE = 500
COLUMNS = (
    "Номер",
    "Получено",
    "Зарегистрировано",
    "Точка взаимодействия",
    "Вид",
    "Состояние",
    "Компетенция",
    "Тема",
    "Потребность",
    "Исполнитель",
    "Срочность",
    "Ближайший срок",
    "Клиент",
    "Текст",
    "Ответ",
    "Ответ отправлен",
)
LABELS_RU = {
    "message": "сообщение",
    "appeal": "обращение",
    "information_request": "запрос информации",
    "media_request": "запрос СМИ",
    "within": "в компетенции",
    "outside": "вне компетенции",
    "unclear": "неясна",
    "normal": "обычное",
    "urgent": "срочное",
}


async def export_pages(database: Database, query: SelectOfScalar[Message]) -> AsyncIterator[Iterable[Row]]:
    """Yield the messages of a query as rows, each page in its own transaction, so that no connection is held."""
    after = UUID(int=0)
    while True:
        async with database.transaction(write=False) as session:
            page = query.where(col(Message.id) > after).order_by(col(Message.id)).limit(PAGE)
            messages = (await session.exec(page)).all()
            rows = await _load_rows(session, messages)
        yield rows
        if len(messages) < PAGE:
            return
        after = messages[-1].id


async def _load_rows(session: AsyncSession, messages: Sequence[Message]) -> list[Row]:
    ids = [message.id for message in messages]
    names = await load_names(session, ids)
    people = await organizations.load_employee_names(session, {message.assignee_id for message in messages})
    replies = await load_sent_replies(session, ids)
    cards = await clients.load_clients(session, [message.client_id for message in messages])
    return [
        _to_row(message, names[message.id], people, cards[message.client_id].name, replies.get(message.id))
        for message in messages
    ]


def _to_row(row: Message, names: MessageNames, people: dict[UUID, str], client: str, reply: Reply | None) -> Row:
    return (
        row.number,
        _format_moment(row.received_at),
        _format_moment(row.registered_at),
        names.point,
        LABELS_RU[row.message_class],
        STATES_RU[row.state],
        LABELS_RU[row.competence] if row.competence else None,
        names.topic,
        row.need["summary"] if row.need else None,
        people.get(row.assignee_id) if row.assignee_id else None,
        LABELS_RU[row.priority],
        _format_moment(row.due_at),
        client,
        row.text,
        reply.text if reply else None,
        _format_moment(reply.sent_at) if reply else None,
    )


def _format_moment(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(clock.LOCAL_ZONE):%d.%m.%Y %H:%M}" if moment else None
