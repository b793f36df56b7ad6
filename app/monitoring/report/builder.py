"""Builder of the monitoring report from computed figures."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.security import Principal
from app.documents.charts import Chart, Mark, Scale
from app.messages.rules.deadlines import Stage
from app.monitoring import rules
from app.monitoring.queries.group_names import load_municipality_names, load_organization_names
from app.monitoring.queries.service_levels import LevelCut
from app.monitoring.queries.sign_offs import load_named_sign_offs
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.report.content import Cell, Kind, Part, Report, Table
from app.monitoring.schemas.figures import (
    SOURCES_RU,
    ComparedShareRead,
    FindabilityRead,
    GroupBy,
    ShareRead,
    SourcesRead,
    UsageRead,
)
from app.monitoring.schemas.service_levels import (
    DeadlineKind,
    InTimeRead,
    LevelGroupBy,
    ServiceLevelsRead,
    StageLevelRead,
)
from app.monitoring.service import satisfaction, service_levels, sources

TITLE = "Мониторинг удовлетворённости внешних клиентов"
_LEVELS_RU = {DeadlineKind.LIMIT: "предельный срок", DeadlineKind.TARGET: "цель"}
_VERDICTS_RU = {
    rules.Verdict.HIGHER: "выше",
    rules.Verdict.LOWER: "ниже",
    rules.Verdict.WITHIN_CHANCE: "различие может быть случайным",
    rules.Verdict.TOO_FEW: "ответов слишком мало для вывода",
}
_MAX_DAYS = 62
_INTERVAL = [("от (95 %)", Kind.SHARE), ("до (95 %)", Kind.SHARE)]
_PERIOD_RU = {True: "День", False: "Месяц"}
_GROUPED_RU = {True: "по дням", False: "по месяцам"}
_SATISFIED = ("Ответов", "Удовлетворены")
_IN_TIME = ("Сроков истекло", "В срок")
_Figure = ShareRead | UsageRead | InTimeRead
"""A share with its n and its interval."""


async def build_report(session: AsyncSession, cut: Cut, by: Principal) -> Report:
    """Build the report on a period, with the service levels of messages the caller may see (O-4, O-10, O-11)."""
    level_cut = LevelCut(cut.period, cut.organization_id)
    group_by = LevelGroupBy.DAY if _is_by_day(cut) else LevelGroupBy.MONTH
    parts = [
        await _build_satisfaction(session, cut),
        await _build_municipalities(session, cut),
        _build_sources(await sources.compute_usage(session, cut, None)),
        _build_findability(await sources.compute_findability(session, cut, None)),
        _build_levels(await service_levels.compute_service_levels(session, level_cut, group_by, by)),
    ]
    return Report(TITLE, await _load_facts(session, cut), parts, await _load_sign_offs(session, cut))


def format_day(day: date) -> str:
    """Format a day in Russian."""
    return f"{day:%d.%m.%Y}"


async def _load_facts(session: AsyncSession, cut: Cut) -> list[tuple[str, str]]:
    since, until = cut.period.since, cut.period.until
    period = " ".join([f"с {format_day(since)}" if since else "", f"по {format_day(until)}" if until else ""]).strip()
    facts = [("Период", period or "за всё время")]
    if cut.organization_id is None:
        facts.insert(0, ("Организация", "все"))
    elif name := (await load_organization_names(session)).get(cut.organization_id):
        facts.insert(0, ("Организация", name))
    if cut.municipality:
        names = await load_municipality_names(session, [cut.municipality])
        facts.append(("Муниципальный район или городской округ", names.get(cut.municipality, cut.municipality)))
    if cut.source:
        facts.append(("Способ заполнения", SOURCES_RU[cut.source]))
    if cut.form_version is not None:
        facts.append(("Версия анкеты", str(cut.form_version)))
    facts.append(("Составлен", f"{clock.now().astimezone(clock.LOCAL_ZONE):%d.%m.%Y %H:%M}"))
    return facts


async def _build_satisfaction(session: AsyncSession, cut: Cut) -> Part:
    by_day = _is_by_day(cut)
    figures = await satisfaction.compute_satisfaction(session, cut, GroupBy.DAY if by_day else GroupBy.MONTH)
    title = f"Доля удовлетворённых клиентов {_GROUPED_RU[by_day]}"
    chart = Chart(
        "satisfaction",
        title,
        _build_marks_over_time({item.key: item for item in figures.items}, by_day),
        over_time=True,
    )
    table = _build_share_table("Удовлетворённость", (_PERIOD_RU[by_day], *_SATISFIED), chart)
    return Part("Удовлетворённость", [chart], [_build_total_table(figures.total), table])


def _build_total_table(total: ComparedShareRead) -> Table:
    columns = [("За период", Kind.TEXT), ("Ответов", Kind.WHOLE), ("Удовлетворены", Kind.SHARE), *_INTERVAL]
    rows: list[Sequence[Cell]] = [["Отчётный период", total.n, total.share, total.low, total.high]]
    if total.previous is not None:
        verdict = _VERDICTS_RU[total.previous.verdict]
        rows.append(["Предыдущий период той же длительности", total.previous.n, total.previous.value, None, None])
        rows.append([f"Отчётный период по сравнению с предыдущим: {verdict}", None, None, None, None])
    return Table("Всего", columns, rows)


async def _build_municipalities(session: AsyncSession, cut: Cut) -> Part:
    figures = await satisfaction.compute_satisfaction(session, cut, GroupBy.MUNICIPALITY)
    items = sorted(figures.items, key=lambda item: (item.name == "Не указан", item.name))
    title = "Доля удовлетворённых клиентов по муниципальным районам и городским округам"
    chart = Chart("municipalities", title, [_build_mark(item.name, item) for item in items])
    return Part(
        "По муниципальным районам и городским округам",
        [chart],
        [_build_share_table("Муниципалитеты", ("Муниципалитет", *_SATISFIED), chart)],
    )


def _build_sources(figures: SourcesRead) -> Part:
    marks = [_build_mark(one.name, one) for one in figures.items]
    chart = Chart("sources", "Доля тех, кто пользуется источником постоянно или время от времени", marks)
    columns = [("Источник", Kind.TEXT), ("Ответов", Kind.WHOLE), ("Пользуются", Kind.SHARE), *_INTERVAL]
    columns += [("Постоянно", Kind.WHOLE), ("Время от времени", Kind.WHOLE), ("Вообще не пользуются", Kind.WHOLE)]
    rows = [
        [one.name, one.n, one.share, one.low, one.high, *(one.counts[value] for value in "123")]
        for one in figures.items
    ]
    return Part("Источники информации", [chart], [Table("Источники", columns, rows, "sources")])


def _build_findability(figures: FindabilityRead) -> Part:
    marks = [Mark(one.name, one.n, one.mean, one.low, one.high, one.is_too_few) for one in figures.items]
    title = "Насколько легко найти информацию, средняя оценка от 1 до 5"
    chart = Chart("findability", title, marks, scale=Scale.SCORE)
    interval = [(name, Kind.NUMBER) for name, _ in _INTERVAL]
    columns = [("Источник", Kind.TEXT), ("Оценок", Kind.WHOLE), ("Средняя", Kind.NUMBER), *interval]
    columns += [(f"Оценка {value}", Kind.WHOLE) for value in "12345"]
    rows = [
        [one.name, one.n, one.mean, one.low, one.high, *(one.counts[value] for value in "12345")]
        for one in figures.items
    ]
    return Part("Простота поиска", [chart], [Table("Простота поиска", columns, rows, "findability")])


def _build_levels(figures: ServiceLevelsRead) -> Part:
    marks = [_build_mark(_format_level(one), one) for one in figures.stages]
    by_stage = Chart("service_levels", "Доля исполненного в срок", marks)
    by_day = figures.group_by is LevelGroupBy.DAY
    title = f"Доля окончательных ответов, данных в срок, {_GROUPED_RU[by_day]}"
    over_time = Chart(
        "final_replies", title, _build_marks_over_time(_find_final_replies(figures), by_day), over_time=True
    )
    columns = [
        ("Правило", Kind.TEXT),
        ("Сроков истекло", Kind.WHOLE),
        ("В срок", Kind.SHARE),
        ("Медиана, ч", Kind.NUMBER),
        ("90-й процентиль, ч", Kind.NUMBER),
    ]
    rows = [
        [policy.name, policy.n, policy.share, policy.median_hours, policy.p90_hours]
        for stage in figures.stages
        for policy in stage.policies
    ]
    tables = [
        _build_share_table("Сроки", ("Этап", *_IN_TIME), by_stage),
        Table("Сроки по правилам", columns, rows),
        _build_share_table("Окончательные ответы в срок", (_PERIOD_RU[by_day], *_IN_TIME), over_time),
    ]
    return Part("Сроки работы с сообщениями", [by_stage, over_time], tables)


def _find_final_replies(figures: ServiceLevelsRead) -> dict[str, StageLevelRead]:
    """Return the limit of the final reply by day or month, where any deadline has ended."""
    return {
        item.key: stage
        for item in figures.items
        for stage in item.stages
        if (stage.stage, stage.kind) == (Stage.FINAL_REPLY, DeadlineKind.LIMIT) and stage.n
    }


async def _load_sign_offs(session: AsyncSession, cut: Cut) -> list[str]:
    return [
        f"{unit}, {_format_month(row.month)}: {head}, {format_day(row.signed_at.astimezone(clock.LOCAL_ZONE))}"
        for row, unit, head in await load_named_sign_offs(session, cut.period, cut.organization_id)
    ]


def _build_mark(name: str, one: _Figure) -> Mark:
    return Mark(name, one.n, one.share, one.low, one.high, one.is_too_few)


def _build_marks_over_time(known: Mapping[str, _Figure], by_day: bool) -> list[Mark]:
    """Build a mark for each day or month from the first to the last with data; those without data are gaps."""
    marks = []
    for day in _build_axis(known, by_day):
        one = known.get(f"{day:%Y-%m-%d}" if by_day else f"{day:%Y-%m}")
        name = f"{day:%d.%m}" if by_day else f"{day:%m.%Y}"
        marks.append(_build_mark(name, one) if one else Mark(name, 0, None, None, None))
    return marks


def _is_by_day(cut: Cut) -> bool:
    since, until = cut.period.since, cut.period.until
    return since is not None and until is not None and (until - since).days < _MAX_DAYS


def _build_share_table(name: str, heads: tuple[str, str, str], chart: Chart) -> Table:
    """Build the table of a chart of shares; `heads` are the headers of name, n and share."""
    first, n, share = heads
    columns = [(first, Kind.TEXT), (n, Kind.WHOLE), (share, Kind.SHARE), *_INTERVAL]
    rows = [[mark.name, mark.n, mark.value, mark.low, mark.high] for mark in chart.marks]
    return Table(name, columns, rows, chart.name)


def _format_level(one: StageLevelRead) -> str:
    return f"{one.name}: {_LEVELS_RU[one.kind]}"


def _build_axis(known: Iterable[str], by_day: bool) -> list[date]:
    """List every day, or the first day of every month, from the first to the last known one."""
    days = sorted(date.fromisoformat(key if by_day else f"{key}-01") for key in known)
    axis = days[:1]
    while axis and axis[-1] < days[-1]:
        axis.append(axis[-1] + timedelta(days=1) if by_day else clock.next_month(axis[-1]))
    return axis


def _format_month(month: date) -> str:
    return f"{rules.MONTHS_RU[month.month - 1]} {month.year}"
