"""A list of 50 rows needs as many statements as a list of 2: nothing is loaded row by row."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlmodel import SQLModel

from app.core import clock
from app.core.ids import new_id
from app.deliveries.models import Delivery
from app.deliveries.rules import DeliveryState
from app.identity.models import ApiClient, ApiClientPoint, Substitution
from app.identity.roles import Role
from app.interaction_points.models import ChannelKind, Point, PointChange, PointState
from app.interaction_points.rules import Audience, PointAction, PointFormat, PointStatus
from app.legal_acts.models import LegalAct
from app.legal_acts.rules import LegalActKind
from app.notifications.models import Notification
from app.notifications.rules import NotificationKind
from app.organizations.models import Employee, Municipality, Organization, Topic, Unit
from app.organizations.rules import MunicipalityKind, OrganizationKind, PositionKind
from tests.callers import People
from tests.conftest import Api, JoinedDatabase

Rows = Iterator[SQLModel]


def build_organizations(people: People, number: int) -> Rows:
    yield Organization(key=f"org-{number}", kind=OrganizationKind.SUBORDINATE, name=f"Организация {number}")


def build_units(people: People, number: int) -> Rows:
    assert people.admin.organization_id
    yield Unit(organization_id=people.admin.organization_id, name=f"Отдел {number}")


def build_topics(people: People, number: int) -> Rows:
    assert people.operator.unit_id
    yield Topic(unit_id=people.operator.unit_id, name=f"Тема {number}", keywords=[])


def build_municipalities(people: People, number: int) -> Rows:
    name, kind = f"Округ {number}", MunicipalityKind.URBAN_OKRUG
    yield Municipality(oktmo=f"{99000000 + number}", kind=kind, name=name, short_name=name)


def build_legal_acts(people: People, number: int) -> Rows:
    yield LegalAct(kind=LegalActKind.ORDER, number=f"т-{number}", signed_on=clock.today(), title="Приказ")


def build_employees(people: People, number: int) -> Rows:
    assert people.admin.organization_id
    yield Employee(
        organization_id=people.admin.organization_id,
        unit_id=people.operator.unit_id,
        username=f"list.{number}",
        name=f"Сотрудник {number}",
        position_kind=PositionKind.CIVIL_SERVANT,
        roles=[Role.OPERATOR.value],
    )


def build_clients(people: People, number: int) -> Rows:
    client = ApiClient(client_id=f"list-{number}", name="Система", secret_hash="", created_at=clock.now())
    yield client
    for point_id in (people.point_id, people.other_point_id):
        yield ApiClientPoint(api_client_id=client.id, point_id=point_id)


def build_substitutions(people: People, number: int) -> Rows:
    assert people.operator.unit_id
    day = clock.today() + timedelta(days=number)
    yield Substitution(
        unit_id=people.operator.unit_id,
        head_id=people.unit_head.id,
        deputy_id=people.operator.id,
        starts_on=day,
        ends_on=day,
        reason="Отпуск",
        created_at=clock.now(),
        created_by=people.admin.id,
    )


def build_notifications(people: People, number: int) -> Rows:
    yield Notification(
        employee_id=people.admin.id,
        kind=NotificationKind.DEADLINE_MOVED,
        text="Срок изменён",
        object_type="message",
        object_id=new_id(),
        created_at=clock.now(),
        dedupe_key=f"list-{number}",
    )


def build_deliveries(people: People, number: int) -> Rows:
    moment = clock.now()
    yield Delivery(
        target="partner",
        kind="thing",
        object_id=new_id(),
        payload={},
        idempotency_key=str(new_id()),
        state=DeliveryState.QUEUED,
        next_attempt_at=moment,
        created_at=moment,
    )


def build_points(people: People, number: int) -> Rows:
    """Build points in force without regulation, each approved by an act of its own."""
    assert people.operator.organization_id and people.operator.unit_id
    yesterday, moment = clock.today() - timedelta(days=1), clock.now() - timedelta(days=1)
    act = LegalAct(kind=LegalActKind.ORDER, number=f"т-{number}", signed_on=yesterday, title="Приказ")
    yield act
    point = Point(
        organization_id=people.operator.organization_id,
        unit_id=people.operator.unit_id,
        name=f"Точка {number}",
        format=PointFormat.OFFLINE,
        channel="phone",
        audience=Audience.EXTERNAL,
        status=PointStatus.APPROVED,
        approval_act_id=act.id,
        valid_from=yesterday,
        created_at=moment,
    )
    yield point
    yield PointState(
        point_id=point.id,
        sequence=1,
        status=PointStatus.APPROVED,
        effective_on=yesterday,
        legal_act_id=act.id,
        recorded_at=moment,
    )
    yield from (
        PointChange(point_id=point.id, action=action, changes=[], recorded_at=moment)
        for action in (PointAction.CREATED, PointAction.APPROVED)
    )


def build_channel_kinds(people: People, number: int) -> Rows:
    yield ChannelKind(key=f"list_{number}", name=f"Канал {number}")


def build_point_history(people: People, number: int) -> Rows:
    moment = clock.now()
    yield PointState(
        point_id=people.point_id,
        sequence=100 + number,
        status=PointStatus.SUSPENDED,
        effective_on=clock.today(),
        recorded_at=moment,
    )
    yield PointChange(point_id=people.point_id, action=PointAction.CHANGED, changes=[], recorded_at=moment)


@pytest.mark.parametrize(
    ("path", "build"),
    [
        ("organizations?limit=200", build_organizations),
        ("units?limit=200", build_units),
        ("units/{unit_id}/topics?limit=200", build_topics),
        ("municipalities?limit=200", build_municipalities),
        ("legal-acts?limit=200", build_legal_acts),
        ("employees?limit=200", build_employees),
        ("api-clients?limit=200", build_clients),
        ("substitutions?limit=200", build_substitutions),
        ("notifications?limit=200", build_notifications),
        ("deliveries?limit=200", build_deliveries),
        ("interaction-points?limit=200", build_points),
        ("interaction-points/as-of?limit=200&on_date={today}", build_points),
        ("interaction-points/public?limit=200", build_points),
        ("interaction-points/coverage?limit=200", build_points),
        ("interaction-points/export", build_points),
        ("interaction-points/channel-kinds?limit=200", build_channel_kinds),
        ("interaction-points/{point_id}/history?limit=200", build_point_history),
        ("interaction-points/{point_id}/changes?limit=200", build_point_history),
    ],
)
async def test_a_list_needs_equally_many_statements_for_2_and_for_50_rows(
    api: Api,
    people: People,
    database: JoinedDatabase,
    count_queries: Callable[[], int],
    path: str,
    build: Callable[[People, int], Rows],
) -> None:
    address = f"/api/v1/{path}".format(
        unit_id=people.operator.unit_id, point_id=people.point_id, today=clock.today().isoformat()
    )
    counts = []
    for numbers in (range(2), range(2, 50)):
        async with database.transaction() as session:
            for number in numbers:
                for row in build(people, number):
                    session.add(row)
                    await session.flush()
        count_queries()
        response = await api.get(address, headers=api.as_(people.admin))
        assert response.status_code == 200, response.text
        counts.append(count_queries())
    assert counts[0] == counts[1] > 0
    shown = len(response.text.splitlines()) if "export" in path else len(response.json()["items"])
    assert shown >= 50
