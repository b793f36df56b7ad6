"""HTTP routes of reply templates: editing, publishing, versions, reviews, gaps, import and export."""

from fastapi import APIRouter

from app.reply_templates.router import actions, gaps, import_export, templates, versions

router = APIRouter()
router.include_router(gaps.router)
router.include_router(templates.router)
router.include_router(import_export.router)
router.include_router(actions.router)
router.include_router(versions.router)
