"""HTTP API of service levels and channel parity."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.deps import SessionDep
from app.core.periods import PeriodDep
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import ChannelKey, Id
from app.messages.rules.enums import MessageClass
from app.monitoring.schemas.channel_parity import ChannelParityRead
from app.monitoring.schemas.service_levels import LevelGroupBy, ServiceLevelsRead
from app.monitoring.service import channel_parity, service_levels

Reader = Annotated[Principal, requires("monitoring:read")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


def _build_cut(
    period: PeriodDep,
    organization_id: Annotated[Id | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    message_class: Annotated[MessageClass | None, Query(alias="class")] = None,
) -> service_levels.LevelCut:
    return service_levels.LevelCut(period, organization_id, unit_id, channel, message_class)


LevelCutDep = Annotated[service_levels.LevelCut, Depends(_build_cut)]
"""Filters of deadlines."""


@router.get(
    "/service-levels",
    response_model=ServiceLevelsRead,
    responses=problems(ValidationFailed),
    summary="Get service levels",
)
async def get_service_levels(
    by: Reader, session: SessionDep, cut: LevelCutDep, group_by: Annotated[LevelGroupBy | None, Query()] = None
) -> ServiceLevelsRead:
    """Return the shares of deadlines met by stage and policy, limits and targets apart, and the times (O-4, O-6.2.2).

    A deadline counts on the day on which its clock started, in the organization's time zone. Medians and 90th
    percentiles cover everything done, late or not, without pauses: in working hours where the policy's term is in
    working days or hours, otherwise in clock hours. A head sees their unit's messages, the client-centricity unit all.
    """
    return await service_levels.compute_service_levels(session, cut, group_by, by)


@router.get(
    "/channel-parity",
    response_model=ChannelParityRead,
    responses=problems(ValidationFailed),
    summary="Compare channels",
)
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
    return await channel_parity.compute_channel_parity(session, service_levels.LevelCut(period, organization_id), by)
