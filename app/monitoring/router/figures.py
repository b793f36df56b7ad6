"""HTTP of the survey's figures."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.deps import SessionDep
from app.core.periods import PeriodDep
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import Id, Label
from app.monitoring.schemas.figures import FindabilityRead, GroupBy, SatisfactionRead, SourcesRead
from app.monitoring.service import satisfaction, sources
from app.monitoring.service.survey_counts import Cut
from app.surveys.models import SubmissionSource

Reader = Annotated[Principal, requires("monitoring:read")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


def _cut(
    period: PeriodDep,
    organization_id: Annotated[Id | None, Query()] = None,
    municipality: Annotated[Label | None, Query(description="OKTMO code; holds those reformed into it.")] = None,
    source: Annotated[SubmissionSource | None, Query(description="The way of filling in.")] = None,
    form_version: Annotated[int | None, Query(ge=0, le=2_147_483_647)] = None,  # DbInt is strict: queries are text
) -> Cut:
    return Cut(period, organization_id, municipality, source, form_version)


CutDep = Annotated[Cut, Depends(_cut)]
"""Which submissions are looked at."""
Grouping = Annotated[GroupBy | None, Query(description="By what to group; `source` is the way of filling in.")]


@router.get(
    "/satisfaction",
    response_model=SatisfactionRead,
    responses=problems(ValidationFailed),
    summary="Share of satisfied clients",
)
async def get_satisfaction(by: Reader, session: SessionDep, cut: CutDep, group_by: Grouping = None) -> SatisfactionRead:
    """The share of answer 1 to question 21 with its n and 95 % Wilson interval (O-1, O-11).

    Days are the organization's; a submission counts for the day of `filled_at`, else of `received_at`. With n = 0 the
    share and its interval are null. A submission without municipality is counted under `unknown`; one of a municipality
    that was reformed since, under its successor. Beside each share stands that of as many days just before, with
    Newcombe's 95 % interval of the difference and a verdict: too few answers (below 30), within chance, or not.
    """
    return await satisfaction.compute_satisfaction(session, cut, group_by)


@router.get(
    "/sources", response_model=SourcesRead, responses=problems(ValidationFailed), summary="Use of information sources"
)
async def get_source_usage(by: Reader, session: SessionDep, cut: CutDep, group_by: Grouping = None) -> SourcesRead:
    """How often each source is used (O-11, question 22): n, counts of 1, 2 and 3, and the share of those who use it.

    `items` are sources in the order of their codes, `groups` of each what `group_by` asks for. Filters, days, groups
    and the period before are those of `/monitoring/satisfaction`.
    """
    return await sources.compute_usage(session, cut, group_by)


@router.get(
    "/findability",
    response_model=FindabilityRead,
    responses=problems(ValidationFailed),
    summary="Ease of finding by source",
)
async def get_findability(by: Reader, session: SessionDep, cut: CutDep, group_by: Grouping = None) -> FindabilityRead:
    """How easily things are found in each source (O-11, question 23): n, counts of 1 to 5, and the mean.

    The mean has a 95 % interval from 30 scores on, and is compared with the period before by Welch's interval. All
    else is as in `/monitoring/sources`.
    """
    return await sources.compute_findability(session, cut, group_by)
