"""HTTP of monitoring."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.core.deps import SessionDep
from app.core.periods import PeriodDep
from app.core.problems import Invalid, problems
from app.core.security import Principal, requires
from app.core.types import Id, Label
from app.monitoring.schemas import GroupBy, SatisfactionRead
from app.monitoring.service import satisfaction
from app.surveys.models import SubmissionSource

Reader = Annotated[Principal, requires("monitoring:read")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


@router.get(
    "/satisfaction", response_model=SatisfactionRead, responses=problems(Invalid), summary="Share of satisfied clients"
)
async def get_satisfaction(
    by: Reader,
    session: SessionDep,
    period: PeriodDep,
    group_by: Annotated[GroupBy | None, Query()] = None,
    organization_id: Annotated[Id | None, Query()] = None,
    municipality: Annotated[Label | None, Query(description="OKTMO code.")] = None,
    source: Annotated[SubmissionSource | None, Query()] = None,
) -> SatisfactionRead:
    """The share of answer 1 to question 21 with its n and 95 % Wilson interval (O-1, O-11).

    Days are the organization's; a submission counts for the day of `filled_at`, else of `received_at`. With n = 0 the
    share and its interval are null. A submission without municipality is counted under `unknown`; one of a municipality
    that was reformed since, under its successor. `municipality` holds those that were reformed into it.
    """
    cut = satisfaction.Cut(period, organization_id, municipality, source)
    return await satisfaction.satisfaction(session, cut, group_by)
