"""HTTP API of figures over a period: the survey, service levels, channel parity, the use of reply templates."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.deps import SessionDep
from app.core.periods import PeriodDep
from app.core.security import Principal, requires
from app.core.types import ChannelKey, Id, Label
from app.messages.models import MessageClass
from app.monitoring.queries.service_levels import LevelCut
from app.monitoring.queries.survey_counts import Cut
from app.monitoring.queries.template_usage import UseCut
from app.monitoring.schemas.channel_parity import ChannelParityRead
from app.monitoring.schemas.figures import FindabilityRead, GroupBy, SatisfactionRead, SourcesRead
from app.monitoring.schemas.service_levels import LevelGroupBy, ServiceLevelsRead
from app.monitoring.schemas.template_usage import TemplateGroupBy, TemplateUsesRead
from app.monitoring.service import channel_parity, satisfaction, service_levels, sources, template_usage
from app.surveys.rules.submissions import SubmissionSource

Reader = Annotated[Principal, requires("monitoring:read")]
UsageReader = Annotated[Principal, requires("templates:usage")]

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


def _build_level_cut(
    period: PeriodDep,
    organization_id: Annotated[Id | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    message_class: Annotated[MessageClass | None, Query(alias="class")] = None,
) -> LevelCut:
    return LevelCut(period, organization_id, unit_id, channel, message_class)


LevelCutDep = Annotated[LevelCut, Depends(_build_level_cut)]
"""Filters of deadlines."""


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


@router.get("/service-levels", response_model=ServiceLevelsRead, summary="Get service levels")
async def get_service_levels(
    by: Reader, session: SessionDep, cut: LevelCutDep, group_by: Annotated[LevelGroupBy | None, Query()] = None
) -> ServiceLevelsRead:
    """Return the shares of deadlines met by stage and policy, limits and targets apart, and the times (O-4, O-6.2.2).

    A deadline counts on the day on which its clock started, in the organization's time zone. Medians and 90th
    percentiles cover everything done, late or not, without pauses: in working hours where the policy's term is in
    working days or hours, otherwise in clock hours. A head sees their unit's messages, the client-centricity unit all.
    """
    return await service_levels.compute_service_levels(session, cut, group_by, by)


@router.get("/channel-parity", response_model=ChannelParityRead, summary="Compare channels")
async def get_channel_parity(
    by: Reader, session: SessionDep, period: PeriodDep, organization_id: Annotated[Id | None, Query()] = None
) -> ChannelParityRead:
    """Compare every channel with all the other channels together by the same measures and service levels (O-4).

    `satisfaction` is question 21 of respondents who came from the channel's points, `answer_satisfaction` the clients'
    ratings of answers, `findability` question 23 for the channel as a source, `in_time` a stage's limits or targets.
    Each has its n and 95 % interval. `others.verdict` is the verdict on the difference, with an interval corrected for
    the number of channels (Bonferroni), so that chance alone reports a difference in at most 5 % of cases; below 30
    answers it is `too_few`.
    """
    return await channel_parity.compute_channel_parity(session, LevelCut(period, organization_id), by)


@router.get("/templates", response_model=TemplateUsesRead, summary="Get the use of reply templates")
async def get_template_uses(
    by: UsageReader,
    session: SessionDep,
    period: PeriodDep,
    group_by: Annotated[TemplateGroupBy | None, Query()] = None,
    unit_id: Annotated[Id | None, Query(description="Unit whose messages were answered.")] = None,
    template_id: Annotated[Id | None, Query()] = None,
) -> TemplateUsesRead:
    """Return how often templates were inserted, sent unchanged or edited, and how clients rated the answers (O-6.2.6).

    A use counts on the local day on which the reply was drafted. A unit sees the uses of its templates and in its
    messages, the client-centricity unit all. `satisfaction` covers rated answers only; without any its share is null.
    """
    return await template_usage.compute_template_usage(session, UseCut(period, unit_id, template_id), group_by, by)
