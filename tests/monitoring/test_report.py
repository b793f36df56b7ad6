"""The monitoring report as a workbook, PDF and charts, with the same figures as the API (O-11)."""

import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from app.core import clock
from app.core.ids import new_id
from app.core.periods import Period
from app.documents.charts import Chart, Mark, Scale, describe_chart, render_svg
from app.monitoring.models import SignOff
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.report.builder import build_report
from app.monitoring.report.content import Kind, Part, Report, Table
from app.monitoring.report.pdf import format_cell, render_report_pdf
from app.monitoring.report.workbook import render_report_xlsx
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import registered
from tests.monitoring.factories import answered
from tests.monitoring.test_service_levels import FINAL_REPLY, create_ended_deadlines
from tests.pdf import off_the_page, text_of
from tests.surveys.factories import subordinate

REPORT = "/api/v1/monitoring/report"
AUTUMN = {"from": "2026-09-01", "to": "2026-11-30"}
SVG = "{http://www.w3.org/2000/svg}"


async def some_answers(database: JoinedDatabase) -> None:
    """Store answers: three quarters of 40 satisfied in September, none in October, a tenth of 10 in November."""
    async with database.transaction() as session:
        await answered(session, 40, 30, date(2026, 9, 10), municipality="50701000")
        await answered(session, 10, 1, date(2026, 11, 5))


@pytest.mark.order("O-11")
async def test_the_workbook_contains_the_figures_as_numbers(api: Api, people: People, database: JoinedDatabase) -> None:
    await some_answers(database)
    answer = await api.get(REPORT, params=AUTUMN, headers=api.as_(people.client_centricity))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert answer.headers["content-disposition"].endswith('.xlsx"') and "no-store" in answer.headers["cache-control"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == [
        "Отчёт",
        "Всего",
        "Удовлетворённость",
        "Муниципалитеты",
        "Источники",
        "Простота поиска",
        "Сроки",
        "Сроки по правилам",
        "Окончательные ответы в срок",
    ]
    assert book.get_sheet_by_name("Удовлетворённость").to_python()[1:] == [
        ["09.2026", 40.0, 0.75, 0.5981, 0.8581],
        ["10.2026", 0.0, "", "", ""],
        ["11.2026", 10.0, 0.1, 0.0179, 0.4042],
    ]
    municipalities = book.get_sheet_by_name("Муниципалитеты").to_python()
    assert [row[0] for row in municipalities[1:]] == ["городской округ город Новосибирск", "Не указан"]
    drawn = [name for name in zipfile.ZipFile(io.BytesIO(answer.content)).namelist() if "charts/chart" in name]
    assert len(drawn) == 4, "service levels have no data yet"
    facts = book.get_sheet_by_name("Отчёт").to_python()
    assert ["Организация", "все"] in facts and ["Период", "с 01.09.2026 по 30.11.2026"] in facts


@pytest.mark.order("O-11")
async def test_each_chart_is_an_image_with_a_description_of_its_numbers(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    await some_answers(database)
    names = ("satisfaction", "municipalities", "sources", "findability", "service_levels", "final_replies")
    for name in names:
        answer = await api.get(REPORT, params=AUTUMN | {"format": "svg", "chart": name}, headers=api.as_(people.admin))
        assert answer.status_code == 403
        answer = await api.get(
            REPORT, params=AUTUMN | {"format": "svg", "chart": name}, headers=api.as_(people.unit_head)
        )
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/svg+xml"
        drawn = ElementTree.fromstring(answer.content)
        assert drawn.tag == f"{SVG}svg" and drawn.get("role") == "img"
        title, description = drawn.find(f"{SVG}title"), drawn.find(f"{SVG}desc")
        assert title is not None and title.text and description is not None and description.text
        assert drawn.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        if name == "satisfaction":
            assert description.text == "09.2026: 75\u00a0%, n = 40; 10.2026: —, n = 0; 11.2026: 10\u00a0%, n = 10."
            assert len(drawn.findall(f".//{SVG}circle")) == 2 and not drawn.findall(f".//{SVG}polyline"), "a gap"
        if name in ("service_levels", "final_replies"):
            assert description.text == "Нет данных."


@pytest.mark.order("O-10", "O-11")
async def test_the_pdf_report_has_its_date_and_the_sign_offs(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    await some_answers(database)
    async with database.transaction() as session:
        head = people.unit_head
        assert head.unit_id is not None and head.id is not None
        signed_at = datetime(2026, 11, 3, 20, tzinfo=clock.LOCAL_ZONE)
        for month in (date(2026, 8, 1), date(2026, 10, 1), date(2026, 12, 1)):
            session.add(
                SignOff(
                    id=new_id(), unit_id=head.unit_id, month=month, figures={}, signed_at=signed_at, signed_by=head.id
                )
            )
        elsewhere = await subordinate(session)
    async with database.transaction(write=False) as session:
        period = Period(date(2026, 9, 1), date(2026, 11, 30))
        report = await build_report(session, Cut(period), people.client_centricity)
        theirs = await build_report(session, Cut(period, elsewhere), people.client_centricity)
    assert theirs.signed_off == []
    (signed,) = report.signed_off
    assert ", октябрь 2026: " in signed and signed.endswith(", 03.11.2026")
    assert [name for name, _ in report.facts] == ["Организация", "Период", "Составлен"]
    answer = await api.get(REPORT, params=AUTUMN | {"format": "pdf"}, headers=api.as_(people.unit_head))
    assert answer.headers["content-type"] == "application/pdf"
    paper = text_of(answer.content)
    made_at = dict(report.facts)["Составлен"][:10]
    for fragment in (
        report.title,
        "с 01.09.2026 по 30.11.2026",
        f"Составлен {made_at}",
        signed,
        "09.2026 40 75 % 59,8 % 85,8 %",
        "Удовлетворённость Месяц Ответов",
        "Окончательные ответы в срок: нет данных.",
    ):
        assert fragment in paper, (fragment, paper)


@pytest.mark.order("O-11")
async def test_the_report_applies_and_lists_the_filters(api: Api, people: People, database: JoinedDatabase) -> None:
    await some_answers(database)
    query = {"municipality": "50701000", "source": "web", "form_version": "1"}
    answer = await api.get(REPORT, params=query, headers=api.as_(people.unit_head))
    assert answer.status_code == 200, answer.text
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert [row[1] for row in book.get_sheet_by_name("Удовлетворённость").to_python()[1:]] == [40.0]
    facts = [row[:2] for row in book.get_sheet_by_name("Отчёт").to_python()]
    assert facts[facts.index(["Организация", "все"]) :][:5] == [
        ["Организация", "все"],
        ["Период", "за всё время"],
        ["Муниципальный район или городской округ", "городской округ город Новосибирск"],
        ["Способ заполнения", "На сайте"],
        ["Версия анкеты", "1"],
    ]


@pytest.mark.order("O-4", "O-6.2.2", "O-11")
async def test_the_service_levels_are_those_of_the_organization(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    message = await registered(api, people)
    month_ago = datetime(2026, 9, 30, 20, tzinfo=UTC)
    async with database.transaction() as session:
        elsewhere = await subordinate(session)
        await create_ended_deadlines(session, message["id"], FINAL_REPLY, [3600, 7200], missed=1, started_at=month_ago)
    ministry = str(people.unit_head.organization_id)
    for organization, expected in ((ministry, [[1, 1], [2, 0.5]]), (str(elsewhere), [])):  # registered; answered
        query = {"organization_id": organization, "format": "xlsx"}
        answer = await api.get(REPORT, params=query, headers=api.as_(people.client_centricity))
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        rows = book.get_sheet_by_name("Сроки").to_python()[1:]
        assert [row[1:3] for row in rows if row[1]] == expected, organization
        over_time = book.get_sheet_by_name("Окончательные ответы в срок").to_python()[1:]
        assert [row[:3] for row in over_time] == ([["10.2026", 2, 0.5]] if expected else []), organization


async def test_a_chart_is_allowed_for_svg_only(api: Api, people: People) -> None:
    for query in ({"format": "svg"}, {"format": "pdf", "chart": "sources"}, {"chart": "sources"}, {"format": "docx"}):
        answer = await api.get(REPORT, params=query, headers=api.as_(people.unit_head))
        assert answer.status_code == 422, query
    unknown = await api.get(REPORT, params={"format": "svg", "chart": "weather"}, headers=api.as_(people.unit_head))
    assert unknown.status_code == 422


HOSTILE = '=HYPERLINK("http://e")<script>alert(1)</script>\u0000\ufffe {{7*7}} #import "x"'


def hostile_report() -> Report:
    marks = [Mark(HOSTILE, 3, 0.5, 0.1, 0.9, is_small=True), Mark("слово" * 40, 0, None, None, None)]
    chart = Chart("sources", HOSTILE, marks)
    table = Table("Источники", [("Источник", Kind.TEXT), ("Доля", Kind.SHARE)], [[HOSTILE, 0.5]], "sources")
    return Report("Отчёт", [("Организация", HOSTILE)], [Part(HOSTILE, [chart], [table])], [HOSTILE])


def test_texts_are_never_interpreted_as_markup_or_formulas() -> None:
    report = hostile_report()
    drawn = ElementTree.fromstring(render_svg(report.charts["sources"]))
    assert not drawn.findall(f".//{SVG}script")
    paper = text_of(render_report_pdf(report))
    assert paper.count('=HYPERLINK("http://e")<script>alert(1)</script>') == paper.count('{{7*7}} #import "x"') - 1 == 5
    sheet = zipfile.ZipFile(io.BytesIO(render_report_xlsx(report))).read("xl/worksheets/sheet2.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet.lower()


@pytest.mark.parametrize("over_time", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 400])
def test_charts_of_every_size_are_drawn(count: int, over_time: bool) -> None:
    marks = [Mark(f"{place}", place, place / 400, 0.0, 1.0) for place in range(count)]
    drawn = ElementTree.fromstring(render_svg(Chart("satisfaction", "Доля", marks, over_time)))
    labels = [text.text for text in drawn.iter(f"{SVG}text")]
    assert ("Нет данных" in labels) is (count == 0)
    if over_time:
        assert len(drawn.findall(f".//{SVG}circle")) == count and len(labels) <= 5 + 13
    low, high = (5.0, 1.0) if over_time else (1.0, 5.0)
    ends: list[Any] = [Mark("a", 1, low, low, low), Mark("b", 1, high, high, high)]
    scores = ElementTree.fromstring(render_svg(Chart("findability", "Оценка", ends, over_time, Scale.SCORE)))
    assert scores.tag == f"{SVG}svg"


def test_long_charts_are_split_between_pages() -> None:
    marks = [Mark(f"Район {place}", 40, 0.5, 0.4, 0.6) for place in range(45)]
    charts = [Chart("municipalities", "Доля", marks), Chart("satisfaction", "Доля", marks, over_time=True)]
    paper = render_report_pdf(Report("Отчёт", [], [Part("По муниципалитетам", charts, [])], []))
    assert off_the_page(paper) == []
    text = text_of(paper)
    assert text.count("Доля (продолжение)") == 2 and text.count("(n = 40)") == 45


def test_figures_are_formatted_in_russian() -> None:
    assert [format_cell(*one) for one in ((0.7321, Kind.SHARE), (1, Kind.SHARE), (None, Kind.WHOLE))] == [
        "73,2\u00a0%",
        "100\u00a0%",
        "—",
    ]
    assert [format_cell(12345, Kind.WHOLE), format_cell(4.25, Kind.NUMBER), format_cell("текст", Kind.TEXT)] == [
        "12\u00a0345",
        "4,2",
        "текст",
    ]
    assert Scale.SCORE.format(4.0) == "4" and describe_chart(Chart("a", "b", [])) == "Нет данных."
