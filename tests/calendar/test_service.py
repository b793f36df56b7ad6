"""Changes of the calendar and their listener (O-6.2.2)."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.calendar import service
from app.calendar.commands import NewCalendarDay
from app.calendar.ports import CalendarListener, DeadlineMove
from app.calendar.rules.working_days import DayKind, Interval
from app.core.etags import ANY_VERSION
from app.core.ids import new_id
from app.organizations.models import Organization
from tests.callers import People

DAY = date(2026, 12, 24)
START = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)

pytestmark = pytest.mark.order("O-6.2.2")


class Calls:
    """A listener that records its calls and returns the same number of moves for each."""

    def __init__(self, moves: int = 0) -> None:
        self.calls: list[tuple[UUID, date | None]] = []
        self.moves = moves
        self.listener = CalendarListener(self.recalculate)

    async def recalculate(self, _session: AsyncSession, organization_id: UUID, day: date | None) -> list[DeadlineMove]:
        self.calls.append((organization_id, day))
        return [DeadlineMove(new_id(), f"2026-{place}", "final_reply", START, START) for place in range(self.moves)]


def new_day(kind: DayKind, organization_id: UUID | None = None, name: str = "По указу") -> NewCalendarDay:
    return NewCalendarDay(organization_id=organization_id, day=DAY, kind=kind, name=name, working_hours=None)


async def add_organization(session: AsyncSession) -> UUID:
    ministry = (await session.exec(select(Organization).limit(1))).one()
    values = {"id": new_id(), "key": "other", "name": "Подведомственное учреждение"}
    other = Organization.model_validate(ministry.model_dump() | values)
    session.add(other)
    await session.flush()
    return other.id


async def test_a_general_correction_concerns_every_organization(people: People, session: AsyncSession) -> None:
    calls = Calls(moves=70)
    await add_organization(session)
    row = await service.create_day(session, new_day(DayKind.OFF), calls.listener, by=people.admin)
    organizations = (await session.exec(select(Organization.id))).all()
    assert sorted(calls.calls) == sorted((one, DAY) for one in organizations)
    assert row.moved["count"] == 70 * len(organizations)
    assert len(row.moved["items"]) == service.MAX_LISTED_MOVES
    calls.calls.clear()
    moved = await service.delete_day(session, row.id, ANY_VERSION, calls.listener, by=people.admin)
    assert len(calls.calls) == len(organizations) and moved.count == 70 * len(organizations)


async def test_a_change_concerns_its_organization_only(people: People, session: AsyncSession) -> None:
    calls, own_id = Calls(), people.operator.organization_id
    assert own_id is not None
    row = await service.create_day(session, new_day(DayKind.OFF, own_id), calls.listener, by=people.admin)
    await service.update_day(session, row.id, {"name": "Иное"}, ANY_VERSION, calls.listener, by=people.admin)
    hours = [["10:00", "16:00"]]
    await service.put_hours(session, own_id, hours, ANY_VERSION, calls.listener, by=people.admin)
    assert calls.calls == [(own_id, DAY), (own_id, DAY), (own_id, None)], "other hours concern every open deadline"


async def test_the_listener_sees_the_change(people: People, session: AsyncSession) -> None:
    seen: list[tuple[bool, tuple[Interval, ...]]] = []
    own_id = people.operator.organization_id
    assert own_id is not None

    async def recalculate(session: AsyncSession, organization_id: UUID, _day: date | None) -> list[DeadlineMove]:
        calendar = await service.load_calendar(session, organization_id)
        seen.append((calendar.is_working(DAY), calendar.intervals))
        return []

    listener, ordinary = CalendarListener(recalculate), (Interval(540, 780), Interval(840, 1080))
    row = await service.create_day(session, new_day(DayKind.OFF, own_id), listener, by=people.admin)
    await service.update_day(session, row.id, {"kind": DayKind.WORKING}, ANY_VERSION, listener, by=people.admin)
    await service.update_day(session, row.id, {"kind": DayKind.OFF}, ANY_VERSION, listener, by=people.admin)
    await service.delete_day(session, row.id, ANY_VERSION, listener, by=people.admin)
    await service.put_hours(session, own_id, [["10:00", "16:00"]], ANY_VERSION, listener, by=people.admin)
    assert [is_working for is_working, _ in seen] == [False, True, False, True, True]
    assert [hours for _, hours in seen] == [ordinary] * 4 + [(Interval(600, 960),)]


async def test_an_organizations_own_correction_overrides_the_general_one(people: People, session: AsyncSession) -> None:
    calls, own_id = Calls(), people.operator.organization_id
    assert own_id is not None
    await service.create_day(session, new_day(DayKind.WORKING, own_id), calls.listener, by=people.admin)
    await service.create_day(session, new_day(DayKind.OFF, name="Для всех"), calls.listener, by=people.admin)
    assert (await service.load_calendar(session, own_id)).is_working(DAY)
    other = await service.load_calendar(session, await add_organization(session))
    assert (other.is_working(DAY), other.name(DAY)) == (False, "Для всех")
