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
router.include_router(figures.router)
router.include_router(comments.router)
router.include_router(unmet_needs.router)
router.include_router(service_levels.router)
router.include_router(report.router)
router.include_router(template_usage.router)
router.include_router(targets.router)
router.include_router(units.router)
router.include_router(control_notes.router)
