"""HTTP API of monitoring and of control by heads of units."""

from fastapi import APIRouter

from app.monitoring.router import (
    comments,
    control_notes,
    figures,
    report,
    service_levels,
    targets,
    template_usage,
    units,
    unmet_needs,
)

router = APIRouter()
for module in (figures, comments, unmet_needs, service_levels, report, template_usage, targets, units, control_notes):
    router.include_router(module.router)
