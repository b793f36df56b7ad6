"""Import, export and change history of the registry (O-2.7, O-3)."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select

from app.core import clock
from app.core.audit import AuditEvent
from app.documents.tables.reader import read_table
from app.interaction_points.export import COLUMNS
from app.interaction_points.models import Point, PointChange, PointState
from app.organizations.models import Organization, Unit
from app.organizations.rules import OrganizationKind
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.documents.test_tables import FORMULAS
from tests.imports.factories import CSV, POINTS, XLSX, imported, table, upload
from tests.interaction_points.test_api import get_act_id, perform, point_body

NEW = {
    "organization": "",
    "name": "Горячая линия",
    "format": "offline",
    "channel": "phone",
    "audience": "external",
    "unit": "Отдел инвестиционной политики",
}
APPROVAL = {"act_number": "27", "act_date": "2024-02-15", "valid_from": "2024-03-01"}


def one_row(**cells: str) -> bytes:
    """Return a table of one row."""
    row = NEW | cells
    return table(list(row), list(row.values()))


async def export_registry(api: Api, people: People, kind: str = "csv", **query: Any) -> bytes:
    response = await api.get(f"{POINTS}/export", headers=api.as_(people.admin), params={"format": kind, **query})
    assert response.status_code == 200, response.text
    return response.content


async def count_history(database: JoinedDatabase) -> tuple[int, ...]:
    """Count the versions, steps, changes and audit records of points."""
    counts = (
        select(func.sum(col(Point.version))),
        select(func.count()).select_from(PointState),
        select(func.count()).select_from(PointChange),
        select(func.count()).select_from(AuditEvent).where(AuditEvent.object_type == "interaction_point"),
    )
    async with database.transaction(write=False) as session:
        return tuple([(await session.exec(query)).one() or 0 for query in counts])


async def get_by_name(api: Api, people: People, name: str) -> dict[str, Any]:
    listed = (await api.get(POINTS, headers=api.as_(people.admin), params={"limit": 200})).json()["items"]
    return next(point for point in listed if point["name"] == name)


@pytest.fixture
async def registry(api: Api, people: People, database: JoinedDatabase) -> AsyncIterator[None]:
    """Create points with every kind of value, in every status."""
    async with database.transaction() as session:
        other = Organization(key="fond", kind=OrganizationKind.SUBORDINATE, name="Фонд")
        session.add(other)
        await session.flush()
        unit = Unit(organization_id=other.id, name="Отдел инвестиционной политики")
        session.add(unit)
        await session.flush()
    headers, act_id = api.as_(people.admin), await get_act_id(api, people, "27")
    today = clock.today().isoformat()
    for number, text in enumerate([*FORMULAS[:5], 'a;b "в" кавычках', "Обычная"]):
        payload = point_body(
            people, name=f"{text.strip()}{number}", address=f"{text.strip()}", service=f"{text.strip()}"
        )
        if number % 2:
            payload |= {"organization_id": str(other.id), "unit_id": str(unit.id), "is_official_page": True}
        made = await api.post(POINTS, headers=headers, json=payload)
        assert made.status_code == 201, made.text
        path = f"{POINTS}/{made.json()['id']}"
        regulation: dict[str, Any] = {"kind": "own_text", "text": f'{text}\r\nвторая строка; "кавычки"\n\tтабуляция'}
        if number % 3 == 0:
            regulation = {"kind": "legal_act", "legal_act_id": act_id, "clause": "п. 2"}
        assert (await api.put(f"{path}/regulation", headers=headers | {"If-Match": "*"}, json=regulation)).is_success
        if number > 1:
            assert (await perform(api, people, made, "approve", legal_act_id=act_id, valid_from=today)).is_success
        if number > 3:
            assert (await perform(api, people, made, "suspend", reason="Ремонт")).is_success
        if number > 4:
            assert (await perform(api, people, made, "withdraw", reason="Закрыта")).is_success
    yield


@pytest.mark.order("O-2.7")
@pytest.mark.parametrize(("kind", "media_type"), [("csv", CSV), ("xlsx", XLSX)])
async def test_importing_an_export_changes_nothing(
    api: Api, people: People, database: JoinedDatabase, registry: None, kind: str, media_type: str
) -> None:
    content = await export_registry(api, people, kind)
    before = await count_history(database)
    for dry_run in (True, False):
        report = await imported(api, database, people.admin, content, media_type, dry_run=dry_run)
        assert (report["state"], report["faults"], report["unchanged"]) == ("done", [], 15)
        assert (report["created"], report["changed"]) == (0, 0)
    assert await count_history(database) == before
    if kind == "csv":
        assert await export_registry(api, people) == content


async def test_the_export_escapes_formulas(api: Api, people: People, registry: None) -> None:
    content = await export_registry(api, people)
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\r\n") >= 16
    cells = [
        cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";") for cell in row
    ]
    assert cells[: len(COLUMNS)] == list(COLUMNS)
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    assert "'=1+1" in cells and "''quoted" in cells
    from_xlsx, from_csv = read_table(await export_registry(api, people, "xlsx")), read_table(content)
    assert (from_xlsx.headers, from_xlsx.rows) == (from_csv.headers, from_csv.rows)
    assert "=1+1" in [cell for _, row in from_xlsx.rows for cell in row]


async def test_the_export_accepts_the_filters_of_the_list(api: Api, people: People, registry: None) -> None:
    for query, list_query in (
        ({"status": "suspended"}, {"status": "suspended"}),
        ({"channel": "vk"}, {"channel": "vk"}),
        ({"point_format": "offline"}, {"format": "offline"}),
        ({"audience": "both"}, {"audience": "both"}),
        ({"unit_id": str(people.operator.unit_id)}, {"unit_id": str(people.operator.unit_id)}),
        ({"on_date": "2024-02-15"}, {"on_date": "2024-02-15"}),
    ):
        points = (await api.get(POINTS, headers=api.as_(people.admin), params=list_query)).json()["items"]
        rows = read_table(await export_registry(api, people, **query)).rows
        assert {row[1] for _, row in rows} == {point["name"] for point in points} and 0 < len(rows) < 15, query
    granted = await api.get(f"{POINTS}/export", headers=api.as_(people.integration))
    assert [row[3] for _, row in read_table(granted.content).rows] == ["vk"]
    assert granted.headers["content-disposition"] == 'attachment; filename="interaction-points.csv"'


@pytest.mark.order("O-2.7", "O-3", "O-10c")
async def test_a_row_creates_an_approved_and_regulated_point(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    cells = APPROVAL | {
        "regulation_act_number": "122",
        "regulation_act_date": "25.11.2019",
        "regulation_clause": "п. 2",
    }
    content = one_row(address="+7 383 000-00-00", is_official_page="Да", **cells)
    report = await imported(api, database, people.admin, content)
    assert (report["state"], report["created"], report["faults"]) == ("done", 1, [])
    point = await get_by_name(api, people, "Горячая линия")
    assert (point["status"], point["valid_from"], point["valid_to"]) == ("approved", "2024-03-01", None)
    assert point["approval"]["title"] == "Приказ от 15.02.2024 № 27" and point["is_official_page"] is True
    assert point["address"] == "+7 383 000-00-00"
    assert (point["regulation"]["kind"], point["regulation"]["clause"]) == ("legal_act", "п. 2")
    history = await api.get(f"{POINTS}/{point['id']}/history", headers=api.as_(people.admin))
    assert [(step["status"], step["recorded_by"]) for step in history.json()["items"]] == [
        ("approved", str(people.admin.id))
    ]
    before = await count_history(database)
    assert (await imported(api, database, people.admin, content))["unchanged"] == 1
    assert await count_history(database) == before, "importing the same file again changes nothing"


async def test_a_changed_cell_changes_only_its_field(api: Api, people: People, database: JoinedDatabase) -> None:
    await imported(api, database, people.admin, one_row(address="Красный пр., 18", service="Мой бизнес", **APPROVAL))
    before = await get_by_name(api, people, "Горячая линия")
    versions, steps, changes, records = await count_history(database)
    report = await imported(api, database, people.admin, one_row(address="Красный пр., 20", **APPROVAL))
    assert (report["changed"], report["created"]) == (1, 0)
    after = await get_by_name(api, people, "Горячая линия")
    expected = {"address": "Красный пр., 20", "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert after == before | expected, "an omitted column keeps the current value"
    assert await count_history(database) == (versions + 1, steps, changes + 1, records + 1)
    history = (await api.get(f"{POINTS}/{after['id']}/changes", headers=api.as_(people.admin))).json()["items"]
    assert history[0]["changes"] == [{"field": "address", "old": "Красный пр., 18", "new": "Красный пр., 20"}]
    assert (history[0]["action"], history[0]["recorded_by"]) == ("changed", str(people.admin.id))


async def test_new_validity_dates_add_a_step_to_the_history(api: Api, people: People, database: JoinedDatabase) -> None:
    await imported(api, database, people.admin, one_row(**APPROVAL))
    report = await imported(api, database, people.admin, one_row(**APPROVAL, valid_to="2030-12-31"))
    assert report["changed"] == 1
    point = await get_by_name(api, people, "Горячая линия")
    assert point["valid_to"] == "2030-12-31"
    history = await api.get(f"{POINTS}/{point['id']}/history", headers=api.as_(people.admin))
    assert [step["valid_to"] for step in history.json()["items"]] == [None, "2030-12-31"]
    assert (await imported(api, database, people.admin, one_row(**APPROVAL)))["unchanged"] == 1, "valid_to was omitted"


async def test_each_organization_has_its_own_points(
    api: Api, people: People, database: JoinedDatabase, registry: None
) -> None:
    assert (await imported(api, database, people.admin, one_row()))["created"] == 1
    assert (await imported(api, database, people.admin, one_row(organization="fond")))["created"] == 1
    async with database.transaction(write=False) as session:
        unit_id = (await session.exec(select(Unit.id).join(Organization).where(Organization.key == "fond"))).one()
    assert (await imported(api, database, people.admin, one_row(organization="fond", unit=str(unit_id))))[
        "unchanged"
    ] == 1
    report = await imported(api, database, people.admin, one_row(name="Другая", unit=str(unit_id)))
    assert [(fault["cell"], fault["code"]) for fault in report["faults"]] == [("F2", "unknown_reference")]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"organization": "nobody"}, "organization", "unknown_reference"),
        ({"name": ""}, "name", "missing"),
        ({"name": " x"}, "name", "string_pattern_mismatch"),
        ({"name": "x" * 501}, "name", "string_too_long"),
        ({"format": "электронная"}, "format", "enum"),
        ({"format": ""}, "format", "missing"),
        ({"channel": "pigeon"}, "channel", "unknown_reference"),
        ({"audience": "all"}, "audience", "enum"),
        ({"unit": "Нет такого"}, "unit", "unknown_reference"),
        ({"unit": ""}, "unit", "missing"),
        ({"address": "x\u2028y"}, "address", "string_pattern_mismatch"),
        ({"is_official_page": "возможно"}, "is_official_page", "bool_parsing"),
        ({"status": "approved"}, "status", "status_moves_apart"),
        (APPROVAL | {"status": "suspended"}, "status", "status_moves_apart"),
        (APPROVAL | {"act_number": "28"}, "act_number", "unknown_reference"),
        (APPROVAL | {"act_number": ""}, "act_number", "missing"),
        (APPROVAL | {"act_date": ""}, "act_date", "missing"),
        (APPROVAL | {"act_date": "15 февраля"}, "act_date", "date_parsing"),
        (APPROVAL | {"act_kind": "decree"}, "act_kind", "enum"),
        (APPROVAL | {"act_kind": "federal_law"}, "act_number", "unknown_reference"),
        (APPROVAL | {"valid_from": ""}, "valid_from", "missing"),
        (APPROVAL | {"valid_from": "2024-02-30"}, "valid_from", "date_from_datetime_parsing"),
        (APPROVAL | {"valid_from": "1024-02-20"}, "valid_from", "date_out_of_range"),
        (APPROVAL | {"valid_to": "2024-02-29"}, "valid_to", "dates_reversed"),
        ({"regulation_text": "x", "regulation_act_number": "27", "regulation_act_date": "2024-02-15"},
         "regulation_text", "regulation_whole"),
        ({"regulation_clause": "п. 1"}, "regulation_text", "regulation_whole"),
        ({"regulation_act_number": "1", "regulation_act_date": "2024-02-15"},
         "regulation_act_number", "unknown_reference"),
        ({"regulation_text": "x" * 10_001}, "regulation_text", "string_too_long"),
    ],
)  # fmt: skip
async def test_an_import_error_has_row_cell_and_reason(
    api: Api, people: People, database: JoinedDatabase, cells: dict[str, str], column: str, code: str
) -> None:
    row = NEW | cells
    content = table(list(row), list((NEW | {"name": "Хорошая"}).values()), list(row.values()))
    report = await imported(api, database, people.admin, content)
    letter = chr(65 + list(row).index(column)) if column in row else None
    errors = [(f["row"], f["column"], f["cell"], f["code"]) for f in report["faults"]]
    assert (3, column, f"{letter}3" if letter else None, code) in errors, report["faults"]
    assert report["state"] == "failed" and {number for number, *_ in errors} == {3}
    assert all("А" <= fault["detail"][0] <= "Я" for fault in report["faults"]), "the details must be in Russian"


async def test_a_table_cannot_remove_approval_or_regulation(api: Api, people: People, database: JoinedDatabase) -> None:
    full = APPROVAL | {"regulation_text": "Отвечаем в рабочие дни."}
    assert (await imported(api, database, people.admin, one_row(**full)))["created"] == 1
    empty = dict.fromkeys(full, "")
    report = await imported(api, database, people.admin, one_row(**empty))
    assert [fault["code"] for fault in report["faults"]] == ["approval_stays", "regulation_stays"]
    point = await get_by_name(api, people, "Горячая линия")
    assert point["status"] == "approved" and point["regulation"]["text"] == "Отвечаем в рабочие дни."


async def test_a_table_cannot_approve_a_withdrawn_point(api: Api, people: People, database: JoinedDatabase) -> None:
    made = await api.post(POINTS, headers=api.as_(people.admin), json=point_body(people))
    await perform(api, people, made, "withdraw", reason="Закрыта")
    row = NEW | {"unit": str(people.operator.unit_id), "address": "+7 383 000-00-00"} | APPROVAL
    report = await imported(api, database, people.admin, table(list(row), list(row.values())))
    assert [fault["code"] for fault in report["faults"]] == ["move_not_allowed"]


async def test_a_closed_unit_keeps_its_points_but_gets_no_new_ones(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    assert (await imported(api, database, people.admin, one_row()))["created"] == 1
    async with database.transaction() as session:
        yesterday = clock.today() - timedelta(days=1)
        await session.exec(sa.update(Unit).where(col(Unit.name) == NEW["unit"]).values(closed_on=yesterday))
    assert (await imported(api, database, people.admin, one_row()))["unchanged"] == 1
    report = await imported(api, database, people.admin, one_row(name="Другая"))
    assert [fault["column"] for fault in report["faults"]] == ["unit"]


async def test_channel_kinds_can_be_added(api: Api, people: People, database: JoinedDatabase) -> None:
    kind = {"key": "max", "name": "МАКС", "is_social": True}
    path, headers = f"{POINTS}/channel-kinds", api.as_(people.admin)
    made = await api.post(path, headers=headers, json=kind)
    assert (made.status_code, made.json()) == (201, kind)
    duplicate = await api.post(path, headers=headers, json=kind | {"name": "Другой"})
    assert (duplicate.status_code, duplicate.json()["code"]) == (409, "channel_kind_exists")
    assert kind in (await api.get(path, headers=headers)).json()["items"]
    assert (await api.post(POINTS, headers=headers, json=point_body(people, channel="max"))).status_code == 201
    assert (await imported(api, database, people.admin, one_row(name="Ещё", channel="max")))["created"] == 1
    for key in ("in_person", "other_media"):
        assert (
            await api.post(POINTS, headers=headers, json=point_body(people, name=key, channel=key))
        ).status_code == 201
        listed = await api.get(POINTS, headers=headers, params={"channel": key})
        assert key in [point["name"] for point in listed.json()["items"]]


@pytest.mark.order("O-3")
async def test_the_change_history_has_authors_and_values(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    made = await api.post(POINTS, headers=headers, json=point_body(people))
    path, act_id = f"{POINTS}/{made.json()['id']}", await get_act_id(api, people, "27")
    tag = {"If-Match": "*"}
    assert (await api.patch(path, headers=headers | tag, json={"address": None, "is_official_page": True})).is_success
    regulation = {"kind": "own_text", "text": "Отвечаем сразу."}
    assert (await api.put(f"{path}/regulation", headers=headers | tag, json=regulation)).is_success
    approval = {"legal_act_id": act_id, "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    assert (await perform(api, people, made, "approve", **approval)).is_success
    assert (await perform(api, people, made, "suspend", reason="Ремонт")).is_success
    assert (await perform(api, people, made, "withdraw", reason="Закрыта")).is_success
    pages = [(await api.get(f"{path}/changes", headers=headers, params={"limit": 4})).json()]
    pages.append(
        (
            await api.get(f"{path}/changes", headers=headers, params={"limit": 4, "cursor": pages[0]["next_cursor"]})
        ).json()
    )
    changes = [change for page in pages for change in page["items"]]
    assert [change["action"] for change in changes] == [
        "withdrawn", "suspended", "approved", "regulated", "changed", "created",
    ]  # fmt: skip
    assert {change["recorded_by"] for change in changes} == {str(people.admin.id)}
    fields = [{c["field"]: (c["old"], c["new"]) for c in change["changes"]} for change in changes]
    assert fields[0] == {"status": ("suspended", "withdrawn")}
    assert fields[1] == {"status": ("approved", "suspended")}
    assert fields[2] == {
        "status": ("draft", "approved"),
        "approval_act_id": (None, act_id),
        "valid_from": (None, "2026-01-01"),
        "valid_to": (None, "2026-12-31"),
    }
    assert fields[3] == {"regulation_kind": (None, "own_text"), "regulation_text": (None, "Отвечаем сразу.")}
    assert fields[4] == {"address": ("+7 383 000-00-00", None), "is_official_page": (False, True)}
    assert fields[5]["name"] == (None, "Горячая линия") and fields[5]["status"] == (None, "draft")
    unknown = await api.get(f"{POINTS}/{people.admin.id}/changes", headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "point_not_found")


@pytest.mark.order("O-3")
async def test_the_registry_is_listed_as_of_any_day(api: Api, people: People, database: JoinedDatabase) -> None:
    headers, act_id = api.as_(people.admin), await get_act_id(api, people, "27")
    start = clock.now().replace(hour=5, minute=0, second=0, microsecond=0) + timedelta(days=1)  # noon in Novosibirsk
    days = [(start + timedelta(days=n)).date().isoformat() for n in range(-2, 5)]
    with time_machine.travel(start, tick=False):
        made = await api.post(POINTS, headers=headers, json=point_body(people))
    path = f"{POINTS}/{made.json()['id']}"
    with time_machine.travel(start.replace(hour=16, minute=59) + timedelta(days=1), tick=False):  # 23:59 in Novosibirsk
        assert (await perform(api, people, made, "approve", legal_act_id=act_id, valid_from=days[2])).is_success
    with time_machine.travel(
        start.replace(hour=17, minute=0) + timedelta(days=1), tick=False
    ):  # the next day in Novosibirsk
        payload = {"name": "Новая линия", "unit_id": str(people.other_operator.unit_id), "audience": "both"}
        assert (await api.patch(path, headers=headers | {"If-Match": "*"}, json=payload)).is_success
    with time_machine.travel(start + timedelta(days=3), tick=False):
        regulation = {"kind": "legal_act", "legal_act_id": act_id, "clause": "п. 1"}
        assert (await api.put(f"{path}/regulation", headers=headers | {"If-Match": "*"}, json=regulation)).is_success
        payload = {"name": "Третья линия"}
        assert (await api.patch(path, headers=headers | {"If-Match": "*"}, json=payload)).is_success
    now = (await api.get(path, headers=headers)).json()
    before_regulation = now | {"regulation": None, "name": "Новая линия"}
    before_patch = before_regulation | {
        "name": "Горячая линия",
        "unit_id": made.json()["unit_id"],
        "audience": "external",
    }
    expected = [None, None, made.json(), before_patch, before_regulation, now, now]
    for day, past in zip(days, expected, strict=True):
        listed = await api.get(f"{POINTS}/as-of", headers=headers, params={"on_date": day, "limit": 200})
        assert listed.status_code == 200, listed.text
        found = [point for point in listed.json()["items"] if point["id"] == now["id"]]
        actual = [point | {"updated_at": now["updated_at"]} for point in found]
        assert actual == ([past | {"updated_at": now["updated_at"]}] if past else []), day
        assert all(point["updated_at"] < f"{day}T24" for point in found), (
            "updated_at must be the last change by that day"
        )
    granted = await api.get(f"{POINTS}/as-of", headers=api.as_(people.integration), params={"on_date": days[-1]})
    assert [point["id"] for point in granted.json()["items"]] == [str(people.point_id)]
    assert (await api.get(f"{POINTS}/as-of", headers=headers)).status_code == 422


async def test_the_change_history_is_append_only(people: People, database: JoinedDatabase) -> None:
    for statement in (sa.update(PointChange).values(action="changed"), sa.delete(PointChange)):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.transaction() as session:
                await session.exec(statement)


async def test_every_seeded_point_has_a_created_record(people: People, database: JoinedDatabase) -> None:
    async with database.transaction(write=False) as session:
        created_ids = set(
            (await session.exec(select(PointChange.point_id).where(PointChange.action == "created"))).all()
        )
        assert created_ids == set((await session.exec(select(Point.id))).all())


async def test_the_openapi_example_can_be_imported(api: Api, people: People, database: JoinedDatabase) -> None:
    document = (await api.get("/openapi.json")).json()
    content = document["paths"][f"{POINTS}/import"]["post"]["requestBody"]["content"]
    report = await imported(api, database, people.admin, content[CSV]["example"].encode())
    assert (report["state"], report["created"]) == ("done", 1)
    assert set(content) == {CSV, XLSX, "application/octet-stream"}
    assert (await upload(api, people.admin, content[CSV]["example"].encode("cp1251"))).status_code == 202
