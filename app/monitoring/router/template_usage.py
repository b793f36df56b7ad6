"""HTTP API of the use of reply templates."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.core.deps import SessionDep
from app.core.periods import PeriodDep
from app.core.security import Principal, requires
from app.core.types import Id
from app.monitoring.queries.template_usage import UseCut
from app.monitoring.schemas.template_usage import TemplateGroupBy, TemplateUsesRead
from app.monitoring.service import template_usage

Reader = Annotated[Principal, requires("templates:usage")]

router = APIRouter(prefix="/monitoring", tags=["monitoring"])


@router.get("/templates", response_model=TemplateUsesRead, summary="Get the use of reply templates")
async def get_template_uses(
    by: Reader,
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
