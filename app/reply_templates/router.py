"""HTTP of reply_templates."""

from fastapi import APIRouter

router = APIRouter()
