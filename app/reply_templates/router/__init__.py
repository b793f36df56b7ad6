"""HTTP of the knowledge bases: templates, their life, their currency, gaps, and tables in and out."""

from fastapi import APIRouter

from app.reply_templates.router import actions, currency, gaps, moving, templates, versions

router = APIRouter()
router.include_router(gaps.router)
router.include_router(templates.router)
router.include_router(moving.router)
router.include_router(actions.router)
router.include_router(versions.router)
router.include_router(currency.router)
