"""HTTP API of survey figures."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.deps import SessionDep
from app.core.periods import PeriodDep
from app.core.security import Principal, requires
from app.core.types import Id, Label
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.schemas.figures import FindabilityRead, GroupBy, SatisfactionRead, SourcesRead
from app.monitoring.service import satisfaction, sources
from app.surveys.models import SubmissionSource

Reader = Annotated[Principal, requires("monitoring:read")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


def _build_cut(
    period: PeriodDep,
    organization_id: Annotated[Id | None, Query()] = None,
    municipality: Annotated[Label | None, Query(description="OKTMO code; includes its predecessors.")] = None,
    source: Annotated[SubmissionSource | None, Query(description="The way of filling in.")] = None,
    form_version: Annotated[int | None, Query(ge=0, le=2_147_483_647)] = None,  # DbInt is strict: queries are text
) -> Cut:
    return Cut(period, organization_id, municipality, source, form_version)


CutDep = Annotated[Cut, Depends(_build_cut)]
"""Filters of submissions."""
Grouping = Annotated[GroupBy | None, Query(description="Grouping; `source` is the way of filling in.")]


@router.get("/satisfaction", response_model=SatisfactionRead, summary="Get client satisfaction")
async def get_satisfaction(by: Reader, session: SessionDep, cut: CutDep, group_by: Grouping = None) -> SatisfactionRead:
    """Return the share of answer 1 to question 21 with its n and 95 % Wilson interval (O-1, O-11).

    A submission counts on the day of `filled_at`, otherwise of `received_at`, in the organization's time zone. With
    n = 0 the share and its interval are null. A submission without a municipality is counted under `unknown`; one of a
    reformed municipality under its successor. Each share is compared with the preceding period of the same length, by
    Newcombe's 95 % interval of the difference and a verdict: too few answers (below 30), within chance, higher or
    lower.
    """
    return await satisfaction.compute_satisfaction(session, cut, group_by)


@router.get("/sources", response_model=SourcesRead, summary="Get the use of sources")
async def get_source_usage(by: Reader, session: SessionDep, cut: CutDep, group_by: Grouping = None) -> SourcesRead:
    """Return how often each source is used: n, counts of 1, 2 and 3, and the share of users (O-11, question 22).

    `items` are the sources in the order of their codes; each has the `groups` of `group_by`. Filters, days, groups and
    the preceding period are those of `/monitoring/satisfaction`.
    """
    return await sources.compute_usage(session, cut, group_by)


@router.get("/findability", response_model=FindabilityRead, summary="Get the ease of finding information")
async def get_findability(by: Reader, session: SessionDep, cut: CutDep, group_by: Grouping = None) -> FindabilityRead:
    """Return how easy it is to find information in each source: n, counts of 1 to 5 and the mean (O-11, question 23).

    The mean has a 95 % interval from 30 scores on and is compared with the preceding period by Welch's interval.
    Everything else is as in `/monitoring/sources`.
    """
    return await sources.compute_findability(session, cut, group_by)
