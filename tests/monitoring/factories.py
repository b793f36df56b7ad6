"""Factories of submissions for tests of figures, stored without the API and counted as the service does."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.ids import new_id
from app.organizations import service as organizations
from app.surveys import counters
from app.surveys.models.submissions import SurveySubmission
from app.surveys.queries import load_form_in_force
from app.surveys.rules.submissions import SubmissionSource
from tests.surveys.factories import by_key


async def answered(
    session: AsyncSession, many: int, satisfied: int, on: date, *, organization_id: UUID | None = None, **more: Any
) -> list[SurveySubmission]:
    """Store and count submissions of a day; see `submissions_of`."""
    rows = await submissions_of(session, many, satisfied, on, organization_id=organization_id, **more)
    await stored(session, rows)
    return rows


async def submissions_of(
    session: AsyncSession, many: int, satisfied: int, on: date, *, organization_id: UUID | None = None, **more: Any
) -> list[SurveySubmission]:
    """Build submissions of a day, the first ones satisfied; `more` are columns, including answers by key."""
    ministry = await organizations.get_ministry(session)
    form = await load_form_in_force(session, "information-access", clock.today())
    assert form is not None
    answers = more.pop("answers", {})
    return [
        SurveySubmission(
            id=new_id(),
            form=form.key,
            organization_id=organization_id or ministry.id,
            received_at=clock.now(),
            counted_on=on,
            satisfaction=1 if place < satisfied else 2,
            answers=by_key(1 if place < satisfied else 2, **answers),
            **{"form_id": form.id, "form_version": form.form_version, "source": SubmissionSource.WEB, **more},
        )
        for place in range(many)
    ]


async def stored(session: AsyncSession, rows: Iterable[SurveySubmission]) -> None:
    """Store submissions; count half of them in the folded counters and half in the tail."""
    rows = list(rows)
    session.add_all(rows)
    await session.flush()
    await counters.count(session, rows[: len(rows) // 2])
    await counters.fold(session)
    await counters.count(session, rows[len(rows) // 2 :])
