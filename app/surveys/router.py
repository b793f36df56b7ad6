"""HTTP of surveys."""

from fastapi import APIRouter

router = APIRouter()

forms_router = APIRouter()
