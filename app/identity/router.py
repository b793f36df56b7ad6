"""HTTP of identity."""

from fastapi import APIRouter

router = APIRouter()

clients_router = APIRouter()
employees_router = APIRouter()
