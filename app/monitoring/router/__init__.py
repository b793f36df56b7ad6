"""HTTP of monitoring, and of the heads' control."""

from fastapi import APIRouter

from app.monitoring.router import comments, control_notes, figures, levels, not_found, report, targets, templates, units

router = APIRouter()
router.include_router(figures.router)
router.include_router(comments.router)
router.include_router(not_found.router)
router.include_router(levels.router)
router.include_router(report.router)
router.include_router(templates.router)
router.include_router(targets.router)
router.include_router(units.router)
router.include_router(control_notes.router)
