"""A head's control of a unit: the current queue and signed-off months (O-10)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import audit, clock
from app.core.problems import FieldError, ValidationFailed
from app.core.security import Principal
from app.monitoring.models import SignOff
from app.monitoring.queries import units
from app.monitoring.queries.control_notes import count_open_notes
from app.monitoring.queries.group_names import load_channel_names
from app.monitoring.queries.sign_offs import load_month_figures
from app.monitoring.schemas.control import (
    ChannelLoadRead,
    EmployeeLoadRead,
    MonthFiguresRead,
    QueueRead,
    SignOffRead,
    UnitQueueRead,
)
from app.organizations.errors import UnitNotFound
from app.reply_templates.rules.review import ReviewState

NOTHING = dict.fromkeys(QueueRead.model_fields, 0)


def require_own(unit_id: UUID, by: Principal) -> None:
    """Raise `UnitNotFound` unless the unit is the caller's own."""
    if unit_id != by.unit_id:
        raise UnitNotFound


async def read_queue(session: AsyncSession, unit_id: UUID) -> UnitQueueRead:
    """Return the queue of a unit in total, by employee and by channel, and the templates due for review."""
    zone = await units.load_zone(session, unit_id)
    by_employee = await units.count_open_by_employee(session, unit_id, zone)
    by_channel = await units.count_open_by_channel(session, unit_id, zone)
    names = await units.load_employees(session, unit_id, by_employee)
    unassigned = [(None, None)] if None in by_employee else []
    channels = await load_channel_names(session)
    return UnitQueueRead(
        unit_id=unit_id,
        at=clock.now(),
        total=QueueRead(**{name: sum(load[name] for load in by_channel.values()) for name in NOTHING}),
        by_employee=[
            EmployeeLoadRead(employee_id=key, name=name, **by_employee.get(key, NOTHING))
            for key, name in [*names, *unassigned]
        ],
        by_channel=[ChannelLoadRead(channel=key, name=channels[key], **load) for key, load in by_channel.items()],
        open_control_notes=await count_open_notes(session, unit_id),
        templates_due_soon=await units.count_templates(session, unit_id, ReviewState.DUE_SOON),
        templates_past_review=await units.count_templates(session, unit_id, ReviewState.OVERDUE),
    )


async def sign_off(session: AsyncSession, unit_id: UUID, month: date, *, by: Principal) -> SignOffRead:
    """Store the figures of a finished month as confirmed. Raises `ValidationFailed` and `MonthSignedOff`."""
    if clock.today(await units.load_zone(session, unit_id)) < clock.next_month(month):
        ru, en = "Месяц ещё не закончился.", "The month has not ended yet."
        raise ValidationFailed(field_errors=[FieldError("/month", "not_over", ru, en)])
    figures = (await load_month_figures(session, unit_id, [month]))[month]
    row = SignOff(unit_id=unit_id, month=month, figures=figures.model_dump(), signed_at=clock.now(), signed_by=by.id)
    session.add(row)
    audit.record(session, by, "month.signed_off", "unit", unit_id, fields=[f"{month:%Y-%m}"])
    await session.flush()  # so that a repeated sign-off is reported in this request
    return _to_read(row, figures)


async def read_sign_offs(session: AsyncSession, unit_id: UUID, rows: Sequence[SignOff]) -> list[SignOffRead]:
    """Return signed-off months of a unit with their current figures and the names of the changed ones."""
    now = await load_month_figures(session, unit_id, [row.month for row in rows])
    return [_to_read(row, now[row.month]) for row in rows]


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
