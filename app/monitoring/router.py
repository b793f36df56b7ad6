"""HTTP of monitoring."""

from fastapi import APIRouter

router = APIRouter()
