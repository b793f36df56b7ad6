"""The registry as a table, in and out, and its full history (O-2.7, O-3)."""

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
from app.organizations.models import Organization, OrganizationKind, Unit
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.documents.test_tables import FORMULAS
from tests.imports.factories import CSV, POINTS, XLSX, imported, table, upload
from tests.interaction_points.test_api import act, act_of, body

NEW = {
    "organization": "",
    "name": "Горячая линия",
    "format": "offline",
    "channel": "phone",
    "audience": "external",
    "unit": "Отдел инвестиционной политики",
}
APPROVAL = {"act_number": "27", "act_date": "2024-02-15", "valid_from": "2024-03-01"}


def one(**cells: str) -> bytes:
    """A table of one row."""
    known = NEW | cells
    return table(list(known), list(known.values()))


async def exported(api: Api, people: People, kind: str = "csv", **query: Any) -> bytes:
    answer = await api.get(f"{POINTS}/export", headers=api.as_(people.admin), params={"format": kind, **query})
    assert answer.status_code == 200, answer.text
    return answer.content


async def traces(database: JoinedDatabase) -> tuple[int, ...]:
    """How much history there is: versions, steps, changes, audit records of points."""
    counts = (
        select(func.sum(col(Point.version))),
        select(func.count()).select_from(PointState),
        select(func.count()).select_from(PointChange),
        select(func.count()).select_from(AuditEvent).where(AuditEvent.object_type == "interaction_point"),
    )
    async with database.transaction(write=False) as session:
        return tuple([(await session.exec(query)).one() or 0 for query in counts])


async def by_name(api: Api, people: People, name: str) -> dict[str, Any]:
    listed = (await api.get(POINTS, headers=api.as_(people.admin), params={"limit": 200})).json()["items"]
    return next(point for point in listed if point["name"] == name)


@pytest.fixture
async def registry(api: Api, people: People, database: JoinedDatabase) -> AsyncIterator[None]:
    """A registry with everything a point may hold."""
    async with database.transaction() as session:
        other = Organization(key="fond", kind=OrganizationKind.SUBORDINATE, name="Фонд")
        session.add(other)
        await session.flush()
        unit = Unit(organization_id=other.id, name="Отдел инвестиционной политики")
        session.add(unit)
        await session.flush()
    headers, act_id = api.as_(people.admin), await act_of(api, people, "27")
    today = clock.today().isoformat()
    for number, text in enumerate([*FORMULAS[:5], 'a;b "в" кавычках', "Обычная"]):
        sent = body(people, name=f"{text.strip()}{number}", address=f"{text.strip()}", service=f"{text.strip()}")
        if number % 2:
            sent |= {"organization_id": str(other.id), "unit_id": str(unit.id), "is_official_page": True}
        made = await api.post(POINTS, headers=headers, json=sent)
        assert made.status_code == 201, made.text
        path = f"{POINTS}/{made.json()['id']}"
        rule: dict[str, Any] = {"kind": "own_text", "text": f'{text}\r\nвторая строка; "кавычки"\n\tтабуляция'}
        if number % 3 == 0:
            rule = {"kind": "legal_act", "legal_act_id": act_id, "clause": "п. 2"}
        assert (await api.put(f"{path}/regulation", headers=headers | {"If-Match": "*"}, json=rule)).is_success
        if number > 1:
            assert (await act(api, people, made, "approve", legal_act_id=act_id, valid_from=today)).is_success
        if number > 3:
            assert (await act(api, people, made, "suspend", reason="Ремонт")).is_success
        if number > 4:
            assert (await act(api, people, made, "withdraw", reason="Закрыта")).is_success
    yield


@pytest.mark.order("O-2.7")
@pytest.mark.parametrize(("kind", "media_type"), [("csv", CSV), ("xlsx", XLSX)])
async def test_what_was_exported_changes_nothing_when_imported(
    api: Api, people: People, database: JoinedDatabase, registry: None, kind: str, media_type: str
) -> None:
    content = await exported(api, people, kind)
    before = await traces(database)
    for dry_run in (True, False):
        report = await imported(api, database, people.admin, content, media_type, dry_run=dry_run)
        assert (report["state"], report["faults"], report["unchanged"]) == ("done", [], 15)
        assert (report["created"], report["changed"]) == (0, 0)
    assert await traces(database) == before
    if kind == "csv":
        assert await exported(api, people) == content


async def test_the_export_is_text_whatever_it_looks_like(api: Api, people: People, registry: None) -> None:
    content = await exported(api, people)
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\r\n") >= 16
    cells = [
        cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";") for cell in row
    ]
    assert cells[: len(COLUMNS)] == list(COLUMNS)
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    assert "'=1+1" in cells and "''quoted" in cells
    as_book, as_csv = read_table(await exported(api, people, "xlsx")), read_table(content)
    assert (as_book.headers, as_book.rows) == (as_csv.headers, as_csv.rows)
    assert "=1+1" in [cell for _, row in as_book.rows for cell in row]


async def test_the_export_has_the_filters_of_the_list(api: Api, people: People, registry: None) -> None:
    for query, listed in (
        ({"status": "suspended"}, {"status": "suspended"}),
        ({"channel": "vk"}, {"channel": "vk"}),
        ({"point_format": "offline"}, {"format": "offline"}),
        ({"audience": "both"}, {"audience": "both"}),
        ({"unit_id": str(people.operator.unit_id)}, {"unit_id": str(people.operator.unit_id)}),
        ({"on_date": "2024-02-15"}, {"on_date": "2024-02-15"}),
    ):
        shown = (await api.get(POINTS, headers=api.as_(people.admin), params=listed)).json()["items"]
        rows = read_table(await exported(api, people, **query)).rows
        assert {row[1] for _, row in rows} == {point["name"] for point in shown} and 0 < len(rows) < 15, query
    granted = await api.get(f"{POINTS}/export", headers=api.as_(people.integration))
    assert [row[3] for _, row in read_table(granted.content).rows] == ["vk"]
    assert granted.headers["content-disposition"] == 'attachment; filename="interaction-points.csv"'


@pytest.mark.order("O-2.7", "O-3", "O-10c")
async def test_a_row_becomes_an_approved_and_regulated_point(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    cells = APPROVAL | {
        "regulation_act_number": "122",
        "regulation_act_date": "25.11.2019",
        "regulation_clause": "п. 2",
    }
    content = one(address="+7 383 000-00-00", is_official_page="Да", **cells)
    report = await imported(api, database, people.admin, content)
    assert (report["state"], report["created"], report["faults"]) == ("done", 1, [])
    point = await by_name(api, people, "Горячая линия")
    assert (point["status"], point["valid_from"], point["valid_to"]) == ("approved", "2024-03-01", None)
    assert point["approval"]["title"] == "Приказ от 15.02.2024 № 27" and point["is_official_page"] is True
    assert point["address"] == "+7 383 000-00-00"
    assert (point["regulation"]["kind"], point["regulation"]["clause"]) == ("legal_act", "п. 2")
    history = await api.get(f"{POINTS}/{point['id']}/history", headers=api.as_(people.admin))
    assert [(step["status"], step["recorded_by"]) for step in history.json()["items"]] == [
        ("approved", str(people.admin.id))
    ]
    before = await traces(database)
    assert (await imported(api, database, people.admin, content))["unchanged"] == 1
    assert await traces(database) == before, "the same file twice"


async def test_a_changed_cell_changes_just_that(api: Api, people: People, database: JoinedDatabase) -> None:
    await imported(api, database, people.admin, one(address="Красный пр., 18", service="Мой бизнес", **APPROVAL))
    before = await by_name(api, people, "Горячая линия")
    versions, steps, changes, records = await traces(database)
    report = await imported(api, database, people.admin, one(address="Красный пр., 20", **APPROVAL))
    assert (report["changed"], report["created"]) == (1, 0)
    after = await by_name(api, people, "Горячая линия")
    moved = {"address": "Красный пр., 20", "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert after == before | moved, "the column that was left out keeps what is there"
    assert await traces(database) == (versions + 1, steps, changes + 1, records + 1)
    history = (await api.get(f"{POINTS}/{after['id']}/changes", headers=api.as_(people.admin))).json()["items"]
    assert history[0]["changes"] == [{"field": "address", "old": "Красный пр., 18", "new": "Красный пр., 20"}]
    assert (history[0]["action"], history[0]["recorded_by"]) == ("changed", str(people.admin.id))


async def test_a_new_term_is_a_new_step_of_the_history(api: Api, people: People, database: JoinedDatabase) -> None:
    await imported(api, database, people.admin, one(**APPROVAL))
    report = await imported(api, database, people.admin, one(**APPROVAL, valid_to="2030-12-31"))
    assert report["changed"] == 1
    point = await by_name(api, people, "Горячая линия")
    assert point["valid_to"] == "2030-12-31"
    history = await api.get(f"{POINTS}/{point['id']}/history", headers=api.as_(people.admin))
    assert [step["valid_to"] for step in history.json()["items"]] == [None, "2030-12-31"]
    assert (await imported(api, database, people.admin, one(**APPROVAL)))["unchanged"] == 1, "valid_to was left out"


async def test_the_subordinate_organizations_have_points_of_their_own(
    api: Api, people: People, database: JoinedDatabase, registry: None
) -> None:
    assert (await imported(api, database, people.admin, one()))["created"] == 1
    assert (await imported(api, database, people.admin, one(organization="fond")))["created"] == 1
    async with database.transaction(write=False) as session:
        unit_id = (await session.exec(select(Unit.id).join(Organization).where(Organization.key == "fond"))).one()
    assert (await imported(api, database, people.admin, one(organization="fond", unit=str(unit_id))))["unchanged"] == 1
    foreign = await imported(api, database, people.admin, one(name="Другая", unit=str(unit_id)))
    assert [(fault["cell"], fault["code"]) for fault in foreign["faults"]] == [("F2", "unknown_reference")]


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
async def test_a_fault_names_row_cell_and_reason(
    api: Api, people: People, database: JoinedDatabase, cells: dict[str, str], column: str, code: str
) -> None:
    known = NEW | cells
    content = table(list(known), list((NEW | {"name": "Хорошая"}).values()), list(known.values()))
    report = await imported(api, database, people.admin, content)
    letter = chr(65 + list(known).index(column)) if column in known else None
    told = [(f["row"], f["column"], f["cell"], f["code"]) for f in report["faults"]]
    assert (3, column, f"{letter}3" if letter else None, code) in told, report["faults"]
    assert report["state"] == "failed" and {row for row, *_ in told} == {3}
    assert all("А" <= fault["detail"][0] <= "Я" for fault in report["faults"]), "in Russian"


async def test_a_table_takes_neither_approval_nor_regulation_away(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    full = APPROVAL | {"regulation_text": "Отвечаем в рабочие дни."}
    assert (await imported(api, database, people.admin, one(**full)))["created"] == 1
    empty = dict.fromkeys(full, "")
    report = await imported(api, database, people.admin, one(**empty))
    assert [fault["code"] for fault in report["faults"]] == ["approval_stays", "regulation_stays"]
    point = await by_name(api, people, "Горячая линия")
    assert point["status"] == "approved" and point["regulation"]["text"] == "Отвечаем в рабочие дни."


async def test_a_withdrawn_point_is_not_approved_by_a_table(api: Api, people: People, database: JoinedDatabase) -> None:
    made = await api.post(POINTS, headers=api.as_(people.admin), json=body(people))
    await act(api, people, made, "withdraw", reason="Закрыта")
    known = NEW | {"unit": str(people.operator.unit_id), "address": "+7 383 000-00-00"} | APPROVAL
    report = await imported(api, database, people.admin, table(list(known), list(known.values())))
    assert [fault["code"] for fault in report["faults"]] == ["move_not_allowed"]


async def test_a_closed_unit_takes_no_new_point_and_keeps_its_own(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    assert (await imported(api, database, people.admin, one()))["created"] == 1
    async with database.transaction() as session:
        yesterday = clock.today() - timedelta(days=1)
        await session.exec(sa.update(Unit).where(col(Unit.name) == NEW["unit"]).values(closed_on=yesterday))
    assert (await imported(api, database, people.admin, one()))["unchanged"] == 1
    report = await imported(api, database, people.admin, one(name="Другая"))
    assert [fault["column"] for fault in report["faults"]] == ["unit"]


async def test_new_kinds_of_channels_are_data(api: Api, people: People, database: JoinedDatabase) -> None:
    kind = {"key": "max", "name": "МАКС", "is_social": True}
    path, headers = f"{POINTS}/channel-kinds", api.as_(people.admin)
    made = await api.post(path, headers=headers, json=kind)
    assert (made.status_code, made.json()) == (201, kind)
    twice = await api.post(path, headers=headers, json=kind | {"name": "Другой"})
    assert (twice.status_code, twice.json()["code"]) == (409, "channel_kind_exists")
    assert kind in (await api.get(path, headers=headers)).json()["items"]
    assert (await api.post(POINTS, headers=headers, json=body(people, channel="max"))).status_code == 201
    assert (await imported(api, database, people.admin, one(name="Ещё", channel="max")))["created"] == 1
    for key in ("in_person", "other_media"):
        assert (await api.post(POINTS, headers=headers, json=body(people, name=key, channel=key))).status_code == 201
        listed = await api.get(POINTS, headers=headers, params={"channel": key})
        assert key in [point["name"] for point in listed.json()["items"]]


@pytest.mark.order("O-3")
async def test_the_full_history_tells_who_changed_what(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    made = await api.post(POINTS, headers=headers, json=body(people))
    path, act_id = f"{POINTS}/{made.json()['id']}", await act_of(api, people, "27")
    tag = {"If-Match": "*"}
    assert (await api.patch(path, headers=headers | tag, json={"address": None, "is_official_page": True})).is_success
    rule = {"kind": "own_text", "text": "Отвечаем сразу."}
    assert (await api.put(f"{path}/regulation", headers=headers | tag, json=rule)).is_success
    approval = {"legal_act_id": act_id, "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    assert (await act(api, people, made, "approve", **approval)).is_success
    assert (await act(api, people, made, "suspend", reason="Ремонт")).is_success
    assert (await act(api, people, made, "withdraw", reason="Закрыта")).is_success
    pages = [(await api.get(f"{path}/changes", headers=headers, params={"limit": 4})).json()]
    pages.append(
        (
            await api.get(f"{path}/changes", headers=headers, params={"limit": 4, "cursor": pages[0]["next_cursor"]})
        ).json()
    )
    deeds = [deed for page in pages for deed in page["items"]]
    assert [deed["action"] for deed in deeds] == [
        "withdrawn", "suspended", "approved", "regulated", "changed", "created",
    ]  # fmt: skip
    assert {deed["recorded_by"] for deed in deeds} == {str(people.admin.id)}
    told = [{c["field"]: (c["old"], c["new"]) for c in deed["changes"]} for deed in deeds]
    assert told[0] == {"status": ("suspended", "withdrawn")}
    assert told[1] == {"status": ("approved", "suspended")}
    assert told[2] == {
        "status": ("draft", "approved"),
        "approval_act_id": (None, act_id),
        "valid_from": (None, "2026-01-01"),
        "valid_to": (None, "2026-12-31"),
    }
    assert told[3] == {"regulation_kind": (None, "own_text"), "regulation_text": (None, "Отвечаем сразу.")}
    assert told[4] == {"address": ("+7 383 000-00-00", None), "is_official_page": (False, True)}
    assert told[5]["name"] == (None, "Горячая линия") and told[5]["status"] == (None, "draft")
    unknown = await api.get(f"{POINTS}/{people.admin.id}/changes", headers=headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "point_not_found")


@pytest.mark.order("O-3")
async def test_the_registry_as_it_stood_on_any_day(api: Api, people: People, database: JoinedDatabase) -> None:
    headers, act_id = api.as_(people.admin), await act_of(api, people, "27")
    start = clock.now().replace(hour=5, minute=0, second=0, microsecond=0) + timedelta(days=1)  # noon in Novosibirsk
    days = [(start + timedelta(days=n)).date().isoformat() for n in range(-2, 5)]
    with time_machine.travel(start, tick=False):
        made = await api.post(POINTS, headers=headers, json=body(people))
    path = f"{POINTS}/{made.json()['id']}"
    with time_machine.travel(start.replace(hour=16, minute=59) + timedelta(days=1), tick=False):  # 23:59 there
        assert (await act(api, people, made, "approve", legal_act_id=act_id, valid_from=days[2])).is_success
    with time_machine.travel(start.replace(hour=17, minute=0) + timedelta(days=1), tick=False):  # the next day there
        sent = {"name": "Новая линия", "unit_id": str(people.other_operator.unit_id), "audience": "both"}
        assert (await api.patch(path, headers=headers | {"If-Match": "*"}, json=sent)).is_success
    with time_machine.travel(start + timedelta(days=3), tick=False):
        rule = {"kind": "legal_act", "legal_act_id": act_id, "clause": "п. 1"}
        assert (await api.put(f"{path}/regulation", headers=headers | {"If-Match": "*"}, json=rule)).is_success
        sent = {"name": "Третья линия"}
        assert (await api.patch(path, headers=headers | {"If-Match": "*"}, json=sent)).is_success
    now = (await api.get(path, headers=headers)).json()
    before_rule = now | {"regulation": None, "name": "Новая линия"}
    before_patch = before_rule | {"name": "Горячая линия", "unit_id": made.json()["unit_id"], "audience": "external"}
    expected = [None, None, made.json(), before_patch, before_rule, now, now]
    for day, stood in zip(days, expected, strict=True):
        listed = await api.get(f"{POINTS}/as-of", headers=headers, params={"on_date": day, "limit": 200})
        assert listed.status_code == 200, listed.text
        found = [point for point in listed.json()["items"] if point["id"] == now["id"]]
        told = [point | {"updated_at": now["updated_at"]} for point in found]
        assert told == ([stood | {"updated_at": now["updated_at"]}] if stood else []), day
        assert all(point["updated_at"] < f"{day}T24" for point in found), "the last change until then"
    granted = await api.get(f"{POINTS}/as-of", headers=api.as_(people.integration), params={"on_date": days[-1]})
    assert [point["id"] for point in granted.json()["items"]] == [str(people.point_id)]
    assert (await api.get(f"{POINTS}/as-of", headers=headers)).status_code == 422


async def test_the_history_is_only_ever_added_to(people: People, database: JoinedDatabase) -> None:
    for statement in (sa.update(PointChange).values(action="changed"), sa.delete(PointChange)):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.transaction() as session:
                await session.exec(statement)


async def test_every_point_of_the_seed_has_its_beginning_told(people: People, database: JoinedDatabase) -> None:
    async with database.transaction(write=False) as session:
        known = set((await session.exec(select(PointChange.point_id).where(PointChange.action == "created"))).all())
        assert known == set((await session.exec(select(Point.id))).all())


async def test_the_example_of_the_document_works(api: Api, people: People, database: JoinedDatabase) -> None:
    document = (await api.get("/openapi.json")).json()
    content = document["paths"][f"{POINTS}/import"]["post"]["requestBody"]["content"]
    report = await imported(api, database, people.admin, content[CSV]["example"].encode())
    assert (report["state"], report["created"]) == ("done", 1)
    assert set(content) == {CSV, XLSX, "application/octet-stream"}
    assert (await upload(api, people.admin, content[CSV]["example"].encode("cp1251"))).status_code == 202
