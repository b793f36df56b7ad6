"""HTTP endpoints of sign-in, employees, API clients and substitutions."""

from fastapi import APIRouter

from app.identity.router import clients, employees, sessions, substitutions

router = APIRouter()
router.include_router(sessions.router)
router.include_router(employees.router)
router.include_router(clients.router)
router.include_router(substitutions.router)
