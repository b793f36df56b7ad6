"""HTTP routes of the survey: form versions, one-time links and submissions."""

from fastapi import APIRouter

from app.surveys.router import forms, import_export, links, paper, submissions

router = APIRouter()
router.include_router(forms.router)
router.include_router(links.router)
router.include_router(import_export.router)
router.include_router(paper.router)
router.include_router(paper.checks_router)
router.include_router(submissions.router)
