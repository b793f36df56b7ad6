"""HTTP of messages."""

from fastapi import APIRouter

router = APIRouter()
