"""A head's control of a unit: the current queue and signed-off months (O-10)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.interaction_points.models import ChannelKind, Point
from app.messages.models import Deadline, Message, Reply
from app.messages.rules.deadlines import WHOLE_SECOND, DeadlineState
from app.messages.rules.enums import MessageClass, ReplyKind
from app.messages.rules.states import OPEN_STATES, MessageState, ReplyState
from app.monitoring.models import ControlNote, SignOff
from app.monitoring.schemas.control import (
    ChannelLoadRead,
    EmployeeLoadRead,
    MonthFiguresRead,
    QueueRead,
    SignOffCreate,
    SignOffRead,
    UnitQueueRead,
)
from app.organizations.errors import UnitNotFound
from app.organizations.models import Employee, Organization, Unit
from app.reply_templates.models import ReplyTemplate
from app.reply_templates.queries import has_review
from app.reply_templates.rules.review import ReviewState

_REDIRECTED = (MessageState.REDIRECTED, MessageState.CLOSED)
NOTHING = dict.fromkeys(QueueRead.model_fields, 0)


def require_own(unit_id: UUID, by: Principal) -> None:
    """Raise `UnitNotFound` unless the unit is the caller's own."""
    if unit_id != by.unit_id:
        raise UnitNotFound


async def read_queue(session: AsyncSession, unit_id: UUID) -> UnitQueueRead:
    """Return the queue of a unit in total, by employee and by channel, and the templates due for review."""
    by_employee = dict(await _count_open(session, unit_id, col(Message.assignee_id)))
    by_channel = await _count_open(session, unit_id, col(Point.channel))
    names = await _load_employees(session, unit_id, by_employee)
    unassigned = [(None, None)] if None in by_employee else []
    channels = dict((await session.exec(select(ChannelKind.key, ChannelKind.name))).all())
    notes = select(func.count()).where(ControlNote.unit_id == unit_id, col(ControlNote.resolved_at).is_(None))
    return UnitQueueRead(
        unit_id=unit_id,
        at=clock.now(),
        total=QueueRead(**_add_up([figures for _, figures in by_channel])),
        by_employee=[
            EmployeeLoadRead(employee_id=key, name=name, **by_employee.get(key, NOTHING))
            for key, name in [*names, *unassigned]
        ],
        by_channel=[ChannelLoadRead(channel=key, name=channels[key], **load) for key, load in by_channel],
        open_control_notes=(await session.exec(notes)).one(),
        templates_due_soon=await _count_templates(session, unit_id, ReviewState.DUE_SOON),
        templates_past_review=await _count_templates(session, unit_id, ReviewState.OVERDUE),
    )


async def sign_off(session: AsyncSession, unit_id: UUID, body: SignOffCreate, *, by: Principal) -> SignOffRead:
    """Store the figures of a finished month as confirmed. Raises `ValidationFailed` and `MonthSignedOff`."""
    month = date.fromisoformat(f"{body.month}-01")
    if clock.today(await _load_zone(session, unit_id)) < clock.next_month(month):
        ru, en = "Месяц ещё не закончился.", "The month has not ended yet."
        raise ValidationFailed(field_errors=[FieldError("/month", "not_over", ru, en)])
    figures = await compute_month_figures(session, unit_id, month)
    row = SignOff(unit_id=unit_id, month=month, figures=figures.model_dump(), signed_at=clock.now(), signed_by=by.id)
    session.add(row)
    audit.record(session, by, "month.signed_off", "unit", unit_id, fields=[body.month])
    await session.flush()  # so that a repeated sign-off is reported in this request
    return _to_read(row, figures)


async def read_sign_offs(session: AsyncSession, rows: Sequence[SignOff]) -> list[SignOffRead]:
    """Return signed-off months with their current figures and the names of the changed ones."""
    return [_to_read(row, await compute_month_figures(session, row.unit_id, row.month)) for row in rows]


async def compute_month_figures(session: AsyncSession, unit_id: UUID, month: date) -> MonthFiguresRead:
    """Count the messages that a unit received in a month (local days) by outcome, and their ended deadlines."""
    zone = await _load_zone(session, unit_id)
    since, until = clock.day_starts_at(month, zone), clock.day_starts_at(clock.next_month(month), zone)
    received = (col(Message.unit_id) == unit_id, col(Message.received_at) >= since, col(Message.received_at) < until)
    state = col(Message.state)
    # A message that is closed later still counts as answered or redirected.
    answer = sa.exists().where(col(Reply.message_id) == col(Message.id), col(Reply.state) == ReplyState.SENT)
    is_answered = answer.where(col(Reply.kind) == ReplyKind.ANSWER)
    is_redirected = sa.and_(col(Message.redirected_to).is_not(None), state.in_(_REDIRECTED))
    counted = sa.select(
        func.count().label("received"),
        func.count().filter(is_answered).label("answered"),
        func.count().filter(is_redirected).label("redirected"),
        func.count().filter(col(Message.message_class) == MessageClass.APPEAL).label("appeals"),
        func.count().filter(state == MessageState.SPAM).label("spam"),
        func.count().filter(state.in_(OPEN_STATES)).label("open"),
    ).where(*received)
    messages = (await session.exec(counted)).one()._mapping  # type: ignore[call-overload]
    ended = sa.select(col(Deadline.is_target), col(Deadline.state), func.count())
    ended = ended.join(Message, col(Message.id) == col(Deadline.message_id)).where(*received)
    ended = ended.group_by(col(Deadline.is_target), col(Deadline.state))
    found = {(row[0], row[1]): row[2] for row in (await session.exec(ended)).all()}  # type: ignore[call-overload]
    met, missed = DeadlineState.MET, DeadlineState.MISSED
    return MonthFiguresRead(
        **messages,
        limits_met=found.get((False, met), 0),
        limits_missed=found.get((False, missed), 0),
        targets_met=found.get((True, met), 0),
        targets_missed=found.get((True, missed), 0),
    )


async def _load_zone(session: AsyncSession, unit_id: UUID) -> ZoneInfo:
    """Load the time zone of a unit's organization."""
    query = select(Organization.zone).join(Unit, col(Unit.organization_id) == col(Organization.id))
    return ZoneInfo((await session.exec(query.where(Unit.id == unit_id))).one())


async def _count_open(session: AsyncSession, unit_id: UUID, key: Any) -> list[tuple[Any, dict[str, int]]]:
    now, zone = clock.now(), await _load_zone(session, unit_id)
    due, state = col(Message.due_at), col(Message.state)
    late, tonight = now - WHOLE_SECOND, clock.day_ends_before(clock.today(zone), zone)
    returned = sa.exists().where(col(Reply.message_id) == col(Message.id), col(Reply.state) == ReplyState.RETURNED)
    query = sa.select(
        key.label("key"),
        func.count().label("open"),
        func.count().filter(due > late, due < tonight).label("due_today"),
        func.count().filter(due <= late).label("overdue"),
        func.count().filter(state == MessageState.AWAITING_APPROVAL).label("awaiting_approval"),
        func.count().filter(returned).label("returned"),
        func.count().filter(col(Message.assignee_id).is_(None)).label("without_assignee"),
    ).join(Point, col(Point.id) == col(Message.point_id))
    query = query.where(col(Message.unit_id) == unit_id, state.in_(OPEN_STATES)).group_by(key).order_by(key)
    rows = (await session.exec(query)).all()  # type: ignore[call-overload]
    return [(row.key, {name: value for name, value in row._mapping.items() if name != "key"}) for row in rows]


async def _count_templates(session: AsyncSession, unit_id: UUID, review: ReviewState) -> int:
    query = select(func.count()).select_from(ReplyTemplate)
    return (await session.exec(query.where(ReplyTemplate.unit_id == unit_id, has_review(review)))).one()


def _add_up(parts: list[dict[str, int]]) -> dict[str, int]:
    return {name: sum(part[name] for part in parts) for name in QueueRead.model_fields}


async def _load_employees(
    session: AsyncSession, unit_id: UUID, loads: Iterable[UUID | None]
) -> Sequence[tuple[UUID, str]]:
    """List the active employees of the unit and other employees with its messages, by name."""
    is_ready = sa.and_(col(Employee.unit_id) == unit_id, col(Employee.is_disabled).is_(False))
    has_work = col(Employee.id).in_([key for key in loads if key is not None])
    query = select(Employee.id, Employee.name).where(sa.or_(is_ready, has_work))
    return (await session.exec(query.order_by(col(Employee.name), col(Employee.id)))).all()


def _to_read(row: SignOff, now: MonthFiguresRead) -> SignOffRead:
    return SignOffRead(
        id=row.id,
        unit_id=row.unit_id,
        month=f"{row.month:%Y-%m}",
        signed_at=row.signed_at,
        signed_by=row.signed_by,
        figures=MonthFiguresRead(**row.figures),
        now=now,
        changed=sorted(name for name, value in now.model_dump().items() if value != row.figures[name]),
    )
