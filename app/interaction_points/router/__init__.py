"""HTTP endpoints of interaction points: the registry, its points, and channel kinds."""

from fastapi import APIRouter

from app.interaction_points.router import channel_kinds, points, registry

router = APIRouter()
router.include_router(registry.router)
router.include_router(channel_kinds.router)
router.include_router(points.router)
