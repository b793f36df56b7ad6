"""The report made from the figures of monitoring: nothing is counted here."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.security import Principal
from app.monitoring import rules
from app.monitoring.models import SignOff
from app.monitoring.report.charts import Chart, Mark, Scale
from app.monitoring.report.content import Cell, Kind, Part, Report, Table
from app.monitoring.schemas.figures import (
    ComparedShareRead,
    FindabilityRead,
    GroupBy,
    GroupRead,
    SourcesRead,
)
from app.monitoring.schemas.levels import DeadlineKind, ServiceLevelsRead, StageLevelRead
from app.monitoring.service import levels, satisfaction, sources
from app.monitoring.service.counts import SOURCES_RU, Cut
from app.organizations.models import Employee, Municipality, Organization, Unit

TITLE = "Мониторинг удовлетворённости внешних клиентов"
_LEVELS_RU = {DeadlineKind.LIMIT: "предельный срок", DeadlineKind.TARGET: "цель"}
_VERDICTS_RU = {
    rules.Verdict.HIGHER: "выше",
    rules.Verdict.LOWER: "ниже",
    rules.Verdict.WITHIN_CHANCE: "различие может быть случайным",
    rules.Verdict.TOO_FEW: "ответов слишком мало для вывода",
}
_DAYS_DRAWN = 62
_INTERVAL = [("от (95 %)", Kind.SHARE), ("до (95 %)", Kind.SHARE)]


async def make_report(session: AsyncSession, cut: Cut, by: Principal) -> Report:
    """What monitoring says of a period, with what the caller may see of the service levels (O-4, O-10, O-11)."""
    level_cut = levels.LevelCut(cut.period, cut.organization_id)
    parts = [
        await _satisfaction(session, cut),
        await _municipalities(session, cut),
        _sources(await sources.usage(session, cut, None)),
        _findability(await sources.findability(session, cut, None)),
        _levels(await levels.service_levels(session, level_cut, None, by)),
    ]
    return Report(TITLE, await _facts(session, cut), parts, await _signed_off(session, cut))


def day_ru(day: date) -> str:
    """A day as it is written in Russian."""
    return f"{day:%d.%m.%Y}"


async def _facts(session: AsyncSession, cut: Cut) -> list[tuple[str, str]]:
    since, until = cut.period.since, cut.period.until
    period = " ".join([f"с {day_ru(since)}" if since else "", f"по {day_ru(until)}" if until else ""]).strip()
    facts = [("Период", period or "за всё время")]
    if cut.organization_id is None:
        facts.insert(0, ("Организация", "все"))
    elif organization := await session.get(Organization, cut.organization_id):
        facts.insert(0, ("Организация", organization.name))
    if cut.municipality:
        name = (await session.exec(select(Municipality.name).where(Municipality.oktmo == cut.municipality))).first()
        facts.append(("Муниципальный район или городской округ", name or cut.municipality))
    if cut.source:
        facts.append(("Способ заполнения", SOURCES_RU[cut.source]))
    if cut.form_version is not None:
        facts.append(("Версия анкеты", str(cut.form_version)))
    facts.append(("Составлен", f"{clock.now().astimezone(clock.LOCAL_ZONE):%d.%m.%Y %H:%M}"))
    return facts


async def _satisfaction(session: AsyncSession, cut: Cut) -> Part:
    since, until = cut.period.since, cut.period.until
    by_day = since is not None and until is not None and (until - since).days < _DAYS_DRAWN
    told = await satisfaction.satisfaction(session, cut, GroupBy.DAY if by_day else GroupBy.MONTH)
    known = {item.key: item for item in told.items}
    marks = []
    for day in _axis(known, by_day):
        item = known.get(f"{day:%Y-%m-%d}" if by_day else f"{day:%Y-%m}")
        name = f"{day:%d.%m}" if by_day else f"{day:%m.%Y}"
        marks.append(_share_mark(name, item) if item else Mark(name, 0, None, None, None))
    title = f"Доля удовлетворённых клиентов {'по дням' if by_day else 'по месяцам'}"
    chart = Chart("satisfaction", title, marks, over_time=True)
    table = _share_table("Удовлетворённость", "День" if by_day else "Месяц", chart)
    return Part("Удовлетворённость", [chart], [_total_table(told.total), table])


def _total_table(total: ComparedShareRead) -> Table:
    columns = [("За период", Kind.TEXT), ("Ответов", Kind.WHOLE), ("Удовлетворены", Kind.SHARE), *_INTERVAL]
    rows: list[Sequence[Cell]] = [["Отчётный период", total.n, total.share, total.low, total.high]]
    if total.previous is not None:
        verdict = _VERDICTS_RU[total.previous.verdict]
        rows.append(["Столько же дней до него", total.previous.n, total.previous.value, None, None])
        rows.append([f"Отчётный период к прежнему: {verdict}", None, None, None, None])
    return Table("Всего", columns, rows)


async def _municipalities(session: AsyncSession, cut: Cut) -> Part:
    told = await satisfaction.satisfaction(session, cut, GroupBy.MUNICIPALITY)
    items = sorted(told.items, key=lambda item: (item.name == "Не указан", item.name))
    title = "Доля удовлетворённых клиентов по муниципальным районам и городским округам"
    chart = Chart("municipalities", title, [_share_mark(item.name, item) for item in items])
    return Part("По муниципалитетам", [chart], [_share_table("Муниципалитеты", "Муниципалитет", chart)])


def _sources(told: SourcesRead) -> Part:
    marks = [Mark(one.name, one.n, one.share, one.low, one.high, one.is_too_few) for one in told.items]
    chart = Chart("sources", "Доля тех, кто пользуется источником постоянно или время от времени", marks)
    columns = [("Источник", Kind.TEXT), ("Ответов", Kind.WHOLE), ("Пользуются", Kind.SHARE), *_INTERVAL]
    columns += [("Постоянно", Kind.WHOLE), ("Время от времени", Kind.WHOLE), ("Вообще не пользуются", Kind.WHOLE)]
    rows = [
        [one.name, one.n, one.share, one.low, one.high, *(one.counts[value] for value in "123")] for one in told.items
    ]
    return Part("Источники информации", [chart], [Table("Источники", columns, rows, "sources")])


def _findability(told: FindabilityRead) -> Part:
    marks = [Mark(one.name, one.n, one.mean, one.low, one.high, one.is_too_few) for one in told.items]
    title = "Насколько легко найти информацию, средняя оценка от 1 до 5"
    chart = Chart("findability", title, marks, scale=Scale.SCORE)
    interval = [(name, Kind.NUMBER) for name, _ in _INTERVAL]
    columns = [("Источник", Kind.TEXT), ("Оценок", Kind.WHOLE), ("Средняя", Kind.NUMBER), *interval]
    columns += [(f"Оценка {value}", Kind.WHOLE) for value in "12345"]
    rows = [
        [one.name, one.n, one.mean, one.low, one.high, *(one.counts[value] for value in "12345")] for one in told.items
    ]
    return Part("Простота поиска", [chart], [Table("Простота поиска", columns, rows, "findability")])


def _levels(told: ServiceLevelsRead) -> Part:
    marks = [Mark(_level_name(one), one.n, one.share, one.low, one.high, one.is_too_few) for one in told.stages]
    chart = Chart("service_levels", "Доля исполненного в срок", marks)
    columns = [("Этап", Kind.TEXT), ("Сроков истекло", Kind.WHOLE), ("В срок", Kind.SHARE), *_INTERVAL]
    stages = Table(
        "Сроки",
        columns,
        [[_level_name(one), one.n, one.share, one.low, one.high] for one in told.stages],
        "service_levels",
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
        for stage in told.stages
        for policy in stage.policies
    ]
    return Part("Сроки работы с сообщениями", [chart], [stages, Table("Сроки по правилам", columns, rows)])


async def _signed_off(session: AsyncSession, cut: Cut) -> list[str]:
    query = (
        select(SignOff, Unit.name, Employee.name)
        .join(Unit, col(Unit.id) == col(SignOff.unit_id))
        .join(Employee, col(Employee.id) == col(SignOff.signed_by))
        .order_by(col(SignOff.month), Unit.name)
    )
    if cut.period.since is not None:
        query = query.where(col(SignOff.month) >= cut.period.since.replace(day=1))
    if cut.period.until is not None:
        query = query.where(col(SignOff.month) <= cut.period.until)
    if cut.organization_id is not None:
        query = query.where(Unit.organization_id == cut.organization_id)
    return [
        f"{unit}, {_month_name(row.month)}: {head}, {day_ru(row.signed_at.astimezone(clock.LOCAL_ZONE))}"
        for row, unit, head in (await session.exec(query)).all()
    ]


def _share_mark(name: str, item: GroupRead) -> Mark:
    return Mark(name, item.n, item.share, item.low, item.high, item.is_too_few)


def _share_table(name: str, first: str, chart: Chart) -> Table:
    columns = [(first, Kind.TEXT), ("Ответов", Kind.WHOLE), ("Удовлетворены", Kind.SHARE), *_INTERVAL]
    rows = [[mark.name, mark.n, mark.value, mark.low, mark.high] for mark in chart.marks]
    return Table(name, columns, rows, chart.name)


def _level_name(one: StageLevelRead) -> str:
    return f"{one.name}: {_LEVELS_RU[one.kind]}"


def _axis(known: Iterable[str], by_day: bool) -> list[date]:
    """Every day, or the first of every month, from the first to the last that has answers: no answers are a gap."""
    days = sorted(date.fromisoformat(key if by_day else f"{key}-01") for key in known)
    axis = days[:1]
    while axis and axis[-1] < days[-1]:
        axis.append(axis[-1] + timedelta(days=1) if by_day else clock.next_month(axis[-1]))
    return axis


def _month_name(month: date) -> str:
    return f"{rules.MONTHS_RU[month.month - 1]} {month.year}"
