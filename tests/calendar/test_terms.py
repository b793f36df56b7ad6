"""Terms against a second, plainly written oracle, and by hand (O-6.2.2)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendar.rules.terms import NoWorkingDay, Pause, Roll, Term, TermUnit, compute_due
from app.calendar.rules.working_days import DayKind, DayOverride, Interval, WorkingCalendar, last_decreed_year
from tests.calendar import oracle
from tests.calendar.oracle import NOVOSIBIRSK, at, decreed, every_day

CALENDAR = WorkingCalendar(NOVOSIBIRSK)
TIMES = (time(0, 0), time(12, 15), time(23, 59))

pytestmark = pytest.mark.order("O-6.2.2")


def local(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=NOVOSIBIRSK)


@pytest.mark.parametrize(
    "hours",
    [
        ((480, 600), (660, 780), (900, 1200)),  # three intervals a day
        ((0, 45), (1395, 1440)),  # around midnight: the last interval of a day meets the first of the next
        ((0, 1440),),
    ],
)
def test_several_intervals_a_day_from_every_start(hours: oracle.Hours) -> None:
    calendar = WorkingCalendar(NOVOSIBIRSK, tuple(Interval(*pair) for pair in hours))
    for day in every_day(date(2027, 12, 1)):
        for moment in (time(0, 0), time(10, 15), time(23, 45)):
            start = at(day, moment)
            expected = oracle.due_by_hours(start, 3, day_hours=lambda one: hours if decreed(one) else (), step=15)
            assert compute_due(Term(TermUnit.WORKING_HOURS, 3), start, calendar).due_at == expected, start


def test_pauses_over_every_weekend() -> None:
    """A pause from Friday to Monday extends terms in days, but not in hours."""
    terms = [
        (Term(TermUnit.CALENDAR_DAYS, 10, Roll.PREVIOUS), {"working": False, "roll": "previous"}),
        (Term(TermUnit.WORKING_DAYS, 7), {"working": True}),
    ]
    for friday in every_day(date(2027, 11, 1)):
        if friday.weekday() != 4:
            continue
        start = at(friday - timedelta(days=2))
        pause = (at(friday, time(16, 0)), at(friday + timedelta(days=3), time(11, 0)))
        for term, how in terms:
            expected = oracle.due_by_days(start, term.amount, pauses=[pause], **how)  # type: ignore[arg-type]
            assert compute_due(term, start, CALENDAR, [Pause(*pause)]).due_at == expected, friday
        expected = oracle.due_by_hours(start, 30, pauses=[pause], step=15)
        assert compute_due(Term(TermUnit.WORKING_HOURS, 30), start, CALENDAR, [Pause(*pause)]).due_at == expected, (
            friday
        )


@pytest.mark.parametrize(
    ("start", "due"), [("2025-12-02", "2025-12-30"), ("2025-04-02", "2025-04-30"), ("2026-12-01", "2026-12-30")]
)
def test_the_three_dates_checked_by_hand(start: str, due: str) -> None:
    term = Term(TermUnit.CALENDAR_DAYS, 30, Roll.PREVIOUS)
    for moment in TIMES:
        found = compute_due(term, at(date.fromisoformat(start), moment), CALENDAR)
        assert found.due_at == oracle.last_moment(date.fromisoformat(due))
        assert not found.provisional


@pytest.mark.parametrize(
    ("hours", "start", "due"),
    [
        (4, "2026-11-24T09:00", "2026-11-24T13:00"),  # ends with an interval: due at its end
        (8, "2026-11-24T09:00", "2026-11-24T18:00"),
        (1, "2026-11-24T13:30", "2026-11-24T15:00"),  # starts in the break
        (1, "2026-11-24T18:00", "2026-11-25T10:00"),  # starts at the end of the day
        (1, "2026-11-28T12:00", "2026-11-30T10:00"),  # a Saturday
        (9, "2025-10-31T17:00", "2025-11-01T18:00"),  # a working Saturday
    ],
)
def test_hours_by_hand(hours: int, start: str, due: str) -> None:
    assert compute_due(Term(TermUnit.WORKING_HOURS, hours), local(start), CALENDAR).due_at == local(due)


def test_no_deadline_is_before_its_start() -> None:
    """Three days from 2 January: the previous working day is before the start, so the next one is used."""
    found = compute_due(Term(TermUnit.CALENDAR_DAYS, 3, Roll.PREVIOUS), local("2026-01-02T12:00"), CALENDAR)
    assert found.due_at == local("2026-01-12T23:59:59")
    assert any("раньше начала срока" in step.what for step in found.steps)


def test_the_start_is_in_the_time_zone_of_the_organization() -> None:
    start = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # 25 November, 00:30 in Novosibirsk
    term = Term(TermUnit.CALENDAR_DAYS, 1)
    assert compute_due(term, start, CALENDAR).due_at == local("2026-11-26T23:59:59")
    moscow = WorkingCalendar(ZoneInfo("Europe/Moscow"))
    assert compute_due(term, start, moscow).due_at == datetime(2026, 11, 25, 20, 59, 59, tzinfo=UTC)


def test_corrections_override_the_decree() -> None:
    overrides = {
        date(2026, 11, 25): DayOverride(DayKind.OFF, "Выходной по указу"),
        date(2026, 11, 28): DayOverride(DayKind.WORKING),
        date(2026, 11, 26): DayOverride(DayKind.SHORTENED, intervals=(Interval(540, 660),)),
    }
    calendar = WorkingCalendar(NOVOSIBIRSK, overrides=overrides)
    start = local("2026-11-24T17:00")
    assert compute_due(Term(TermUnit.WORKING_DAYS, 3), start, calendar).due_at == local("2026-11-28T23:59:59")
    found = compute_due(Term(TermUnit.WORKING_HOURS, 4), start, calendar)
    assert found.due_at == local("2026-11-27T10:00")  # an hour, two of the shortened day, one more
    assert any("Выходной по указу" in step.what for step in found.steps)


def test_an_interval_to_midnight_and_round_the_clock() -> None:
    calendar = WorkingCalendar(NOVOSIBIRSK, intervals=(Interval(0, 1440),))
    assert compute_due(Term(TermUnit.WORKING_HOURS, 24), local("2026-11-24T00:00"), calendar).due_at == local(
        "2026-11-25T00:00"
    )
    assert compute_due(Term(TermUnit.WORKING_HOURS, 2), local("2026-11-27T23:00"), calendar).due_at == local(
        "2026-11-30T01:00"
    )


def test_pauses_overlap_start_early_and_start_late() -> None:
    start = local("2026-11-24T10:00")
    term = Term(TermUnit.WORKING_DAYS, 3)

    def due(*pauses: tuple[str, str]) -> datetime:
        return compute_due(term, start, CALENDAR, [Pause(local(a), local(b)) for a, b in pauses]).due_at

    plain = due()
    assert due(("2026-11-25T10:00", "2026-11-26T10:00")) == local("2026-11-30T23:59:59")
    twice = due(("2026-11-25T10:00", "2026-11-26T10:00"), ("2026-11-25T12:00", "2026-11-26T09:00"))
    assert twice == local("2026-11-30T23:59:59"), "overlapping pauses count once"
    within = due(("2026-11-25T10:00", "2026-11-30T10:00"), ("2026-11-26T10:00", "2026-11-27T10:00"))
    assert within == due(("2026-11-25T10:00", "2026-11-30T10:00")), "one lies in the other"
    late_first = due(("2026-11-27T10:00", "2026-11-30T10:00"), ("2026-11-25T10:00", "2026-11-26T10:00"))
    assert late_first == local("2026-12-01T23:59:59"), "pauses in any order"
    assert due(("2026-11-20T10:00", "2026-11-24T09:00")) == plain, "over before the start"
    assert due(("2026-11-28T10:00", "2026-12-10T10:00")) == plain, "it was due before"


@pytest.mark.parametrize(
    "term",
    [
        Term(TermUnit.CALENDAR_DAYS, 3, Roll.NEXT),
        Term(TermUnit.CALENDAR_DAYS, 3, Roll.PREVIOUS),
        Term(TermUnit.WORKING_DAYS, 1),
        Term(TermUnit.WORKING_HOURS, 1),
    ],
)
def test_a_calendar_without_working_days_raises_an_error(term: Term) -> None:
    start = local("2299-12-01T10:00")
    never = {start.date() + timedelta(days=place): DayOverride(DayKind.OFF) for place in range(60)}
    with pytest.raises(NoWorkingDay):
        compute_due(term, start, WorkingCalendar(NOVOSIBIRSK, overrides=never))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (Term(TermUnit.WORKING_HOURS, 4), "Пауза с 24.11.2026 10:00 до 24.11.2026 11:00: это время не считается."),
        (Term(TermUnit.WORKING_HOURS, 9), "Пауза с 24.11.2026 10:00 до 24.11.2026 11:00: это время не считается."),
        (Term(TermUnit.WORKING_DAYS, 2), "Пауза с 25.11.2026 10:00 до 26.11.2026 11:00: добавлено дней: 1."),
    ],
)
def test_a_pause_is_explained_once(term: Term, expected: str) -> None:
    """It is explained on the last day of the term too; a pause after the due time is not explained."""
    day, until = ("24", "24") if term.unit is TermUnit.WORKING_HOURS else ("25", "26")
    early = Pause(local(f"2026-11-{day}T10:00"), local(f"2026-11-{until}T11:00"))
    late = Pause(local("2026-12-10T10:00"), local("2026-12-10T11:00"))
    found = compute_due(term, local("2026-11-24T09:00"), CALENDAR, [early, late])
    assert [step.what for step in found.steps if "Пауза" in step.what] == [expected]


def test_a_due_time_after_the_last_decree_is_provisional() -> None:
    assert last_decreed_year() >= 2027
    year = last_decreed_year()
    start = datetime(year, 12, 27, 10, tzinfo=NOVOSIBIRSK)
    term = Term(TermUnit.CALENDAR_DAYS, 14, Roll.PREVIOUS)
    assert compute_due(term, start, CALENDAR).provisional
    named = {date(year + 1, 1, 10): DayOverride(DayKind.WORKING)}
    assert not compute_due(term, start, WorkingCalendar(NOVOSIBIRSK, overrides=named)).provisional
    assert not compute_due(Term(TermUnit.CALENDAR_DAYS, 14), start, CALENDAR).provisional, "no calendar is needed"


STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 6, 30)).map(
    lambda drawn: drawn.replace(second=0, microsecond=0, tzinfo=NOVOSIBIRSK)
)
PAUSES = st.lists(st.tuples(st.integers(-5_000, 20_000), st.integers(1, 15_000)), max_size=3)
HOURS = (
    st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True)
    .map(lambda drawn: [tuple(sorted(drawn)[place : place + 2]) for place in range(0, len(drawn) // 2 * 2, 2)])
    .filter(lambda hours: sum(end - begin for begin, end in hours) >= 60)  # the oracle has few years
)


@settings(max_examples=300, deadline=None)
@given(
    unit=st.sampled_from(list(TermUnit)),
    amount=st.integers(1, 40),
    roll=st.sampled_from(list(Roll)),
    start=STARTS,
    drawn=PAUSES,
    zone=st.sampled_from([NOVOSIBIRSK, ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Kaliningrad")]),
    hours=HOURS,
    changed=st.dictionaries(st.integers(0, 60), st.sampled_from(list(DayKind)), max_size=6),
)
def test_any_term_matches_the_oracle(
    unit: TermUnit,
    amount: int,
    roll: Roll,
    start: datetime,
    drawn: list[tuple[int, int]],
    zone: ZoneInfo,
    hours: list[tuple[int, int]],
    changed: dict[int, DayKind],
) -> None:
    begins = [(start + timedelta(minutes=gap), length) for gap, length in drawn]
    pauses = [(since, since + timedelta(minutes=length)) for since, length in begins]  # in any order, also overlapping
    short = ((600, 700),)
    days = {start.date() + timedelta(days=place): kind for place, kind in changed.items()}
    intervals = tuple(Interval(*pair) for pair in hours)
    overrides = {
        day: DayOverride(kind, intervals=(Interval(600, 700),) if kind is DayKind.SHORTENED else ())
        for day, kind in days.items()
    }
    calendar = WorkingCalendar(zone, intervals, overrides)

    def is_working(day: date) -> bool:
        return days[day] is not DayKind.OFF if day in days else decreed(day)

    def day_hours(day: date) -> oracle.Hours:
        if not is_working(day):
            return ()
        return short if days.get(day) is DayKind.SHORTENED else hours

    if unit is TermUnit.WORKING_HOURS:
        amount = min(amount, 8)
        expected = oracle.due_by_hours(start, amount, day_hours=day_hours, pauses=pauses)
    else:
        expected = oracle.due_by_days(
            start,
            amount,
            working=unit is TermUnit.WORKING_DAYS,
            roll=roll.value if unit is TermUnit.CALENDAR_DAYS else "none",
            pauses=pauses,
            is_working=is_working,
        )

    def there(moment: datetime) -> datetime:
        return moment.replace(tzinfo=zone).astimezone(UTC)  # the same local time in that zone, as UTC

    stood = [Pause(there(since), there(until)) for since, until in pauses]
    found = compute_due(Term(unit, amount, roll), there(start), calendar, stood)
    assert found.due_at == there(expected)
    assert found.due_at >= there(start)
    assert found.steps[0].at == there(start) and found.steps[-1].at == found.due_at
    assert "срок истекает" in found.steps[-1].what.lower()
    longer = compute_due(Term(unit, amount + 1, roll), there(start), calendar, stood)
    assert longer.due_at >= found.due_at
