"""HTTP of service levels, and of channels side by side."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.deps import SessionDep
from app.core.periods import PeriodDep
from app.core.problems import ValidationFailed, problems
from app.core.security import Principal, requires
from app.core.types import ChannelKey, Id
from app.messages.models import MessageClass
from app.monitoring.schemas.channel_parity import ChannelParityRead
from app.monitoring.schemas.service_levels import LevelGroupBy, ServiceLevelsRead
from app.monitoring.service import channel_parity, service_levels

Reader = Annotated[Principal, requires("monitoring:read")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


def _cut(
    period: PeriodDep,
    organization_id: Annotated[Id | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    channel: Annotated[ChannelKey | None, Query()] = None,
    message_class: Annotated[MessageClass | None, Query(alias="class")] = None,
) -> service_levels.LevelCut:
    return service_levels.LevelCut(period, organization_id, unit_id, channel, message_class)


LevelCutDep = Annotated[service_levels.LevelCut, Depends(_cut)]
"""Which deadlines are looked at."""


@router.get(
    "/service-levels",
    response_model=ServiceLevelsRead,
    responses=problems(ValidationFailed),
    summary="In time, and how long",
)
async def get_service_levels(
    by: Reader, session: SessionDep, cut: LevelCutDep, group_by: Annotated[LevelGroupBy | None, Query()] = None
) -> ServiceLevelsRead:
    """What was done in time by stage and policy, limits and targets apart, and how long it took (O-4, O-6.2.2).

    A deadline counts for the day on which its clock began, in its organization's zone. Medians and 90th percentiles are
    of what was done, late or not, without pauses: in working hours where the policy's term is in working days or hours,
    else in hours by the clock. A head sees their unit's messages, the client-centricity unit all.
    """
    return await service_levels.compute_service_levels(session, cut, group_by, by)


@router.get(
    "/channel-parity",
    response_model=ChannelParityRead,
    responses=problems(ValidationFailed),
    summary="Channels side by side",
)
async def get_channel_parity(
    by: Reader, session: SessionDep, period: PeriodDep, organization_id: Annotated[Id | None, Query()] = None
) -> ChannelParityRead:
    """Every channel by the same measures and service levels, each beside all the other channels together (O-4).

    `satisfaction` is question 21 of those who came from the channel's points, `answer_satisfaction` how clients rated
    answers, `findability` question 23 of the source that the channel is, `in_time` a stage's limits or targets. Each
    has its n and 95 % interval. `others.verdict` says whether the difference matters: its interval is as much wider as
    channels are compared (Bonferroni), so that chance names one in at most 5 % of cases; below 30 it says `too_few`.
    """
    return await channel_parity.compute_channel_parity(session, service_levels.LevelCut(period, organization_id), by)
