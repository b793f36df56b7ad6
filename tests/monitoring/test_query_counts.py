"""Lists of monitoring run as many statements for 200 rows as for two, and reports render without a transaction."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.db import require_no_transaction
from app.core.ids import new_id
from app.monitoring.models import (
    ControlNote,
    NotedType,
    SignOff,
    TargetDeviation,
    TargetMeasure,
    UnitTarget,
    UnmetNeed,
    UnmetNeedLemma,
    UnmetNeedStep,
    UnmetNeedText,
)
from app.monitoring.report import download
from app.monitoring.rules import TargetPeriod, UnmetNeedState
from app.monitoring.schemas.control import MonthFiguresRead
from app.surveys.models.comments import SurveyComment
from app.surveys.queries import load_form_in_force
from app.surveys.rules.submissions import SubmissionSource
from tests.callers import People
from tests.conftest import Api, JoinedDatabase

START = datetime(2026, 11, 24, 3, 15, tzinfo=UTC)
MANY = 200


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def owner(people: People) -> dict[str, Any]:
    return {"unit_id": people.unit_head.unit_id, "created_at": START}


async def add_sign_offs(session: AsyncSession, people: People, count: int) -> None:
    figures = dict.fromkeys(MonthFiguresRead.model_fields, 0)
    months = [date(2000 + place // 12, place % 12 + 1, 1) for place in range(count)]
    who: dict[str, Any] = {"unit_id": people.unit_head.unit_id, "signed_by": people.unit_head.id}
    session.add_all(SignOff(month=month, figures=figures, signed_at=START, **who) for month in months)


async def add_notes(session: AsyncSession, people: People, count: int) -> None:
    about: dict[str, Any] = {"object_type": NotedType.MESSAGE, "object_id": new_id()}
    session.add_all(ControlNote(text="Уточните срок", **about, **owner(people)) for _ in range(count))


async def add_targets(session: AsyncSession, people: People, count: int) -> None:
    for _ in range(count):
        target = UnitTarget(
            measure=TargetMeasure.SATISFACTION,
            threshold=0.5,
            min_sample=30,
            period=TargetPeriod.MONTH,
            valid_from=date(2026, 1, 1),
            closed_on=date(2026, 11, 30),
            created_by=people.client_centricity.id,
            **owner(people),
        )
        note = ControlNote(object_type=NotedType.UNIT_TARGET, object_id=target.id, text="Мало", **owner(people))
        session.add_all([target, note])
        await session.flush()
        missed: dict[str, Any] = {
            "period_start": date(2026, 2, 1),
            "count": 1,
            "n": 40,
            "threshold": 0.5,
            "found_at": START,
        }
        session.add(TargetDeviation(target_id=target.id, note_id=note.id, **missed))


async def add_comments(session: AsyncSession, people: People, count: int) -> list[SurveyComment]:
    form = await load_form_in_force(session, "information-access", clock.today())
    assert form is not None and people.unit_head.organization_id is not None
    comments = [
        SurveyComment(
            submission_id=new_id(),
            organization_id=people.unit_head.organization_id,
            form_id=form.id,
            municipality="",
            source=SubmissionSource.WEB,
            counted_on=date(2026, 11, 10),
            row_key="vk",
            score=1,
            text=f"Нет адреса {place}",
        )
        for place in range(count)
    ]
    session.add_all(comments)
    await session.flush()
    return comments


async def add_needs(session: AsyncSession, people: People, count: int) -> None:
    for comment in await add_comments(session, people, count):
        need = UnmetNeed(
            organization_id=comment.organization_id,
            state=UnmetNeedState.OPEN,
            length=1,
            created_at=START,
            changed_at=START,
        )
        session.add(need)
        await session.flush()
        session.add(UnmetNeedText(comment_id=comment.id, group_id=need.id))
        session.add(UnmetNeedLemma(lemma="адрес", group_id=need.id, n=1))
        session.add(UnmetNeedStep(group_id=need.id, occurred_at=START, to_state=UnmetNeedState.OPEN))


@pytest.mark.parametrize(
    ("path", "add_rows"),
    [
        ("monitoring/units/{unit_id}/sign-offs", add_sign_offs),
        ("control-notes", add_notes),
        ("monitoring/targets", add_targets),
        ("monitoring/comments", add_comments),
        ("monitoring/unmet-needs", add_needs),
    ],
)
async def test_a_list_of_many_rows_runs_as_many_statements_as_one_of_two(
    api: Api, people: People, database: JoinedDatabase, count_queries: Callable[[], int], path: str, add_rows: Any
) -> None:
    url = f"/api/v1/{path.format(unit_id=people.unit_head.unit_id)}"
    statements = []
    for listed in (2, MANY):
        async with database.transaction() as session:
            transaction = await session.begin_nested()
            await add_rows(session, people, listed)
            await session.flush()
            count_queries()
            answer = await api.get(url, params={"limit": MANY}, headers=api.as_(people.unit_head))
            statements.append(count_queries())
            await transaction.rollback()
        assert len(answer.json()["items"]) == listed, answer.text
    assert statements[0] == statements[1]


@pytest.mark.parametrize(("format", "chart"), [("xlsx", None), ("pdf", None), ("svg", "sources")])
async def test_the_report_is_rendered_without_an_open_transaction(
    api: Api, people: People, monkeypatch: pytest.MonkeyPatch, format: str, chart: str | None
) -> None:
    for name in ("render_report_xlsx", "render_report_pdf", "render_svg"):
        render = getattr(download, name)

        def checked(content: Any, render: Callable[[Any], Any] = render) -> Any:
            require_no_transaction()
            return render(content)

        monkeypatch.setattr(download, name, checked)
    query = {"format": format} | ({"chart": chart} if chart else {})
    answer = await api.get("/api/v1/monitoring/report", params=query, headers=api.as_(people.unit_head))
    assert answer.status_code == 200, answer.text
