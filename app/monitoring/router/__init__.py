"""HTTP API of monitoring and of control by heads of units."""

from fastapi import APIRouter

from app.monitoring.router import comments, control_notes, figures, report, targets, units, unmet_needs

router = APIRouter()
for module in (figures, comments, unmet_needs, report, targets, units, control_notes):
    router.include_router(module.router)
