"""HTTP endpoints of messages, replies, competent bodies and deadline policies."""

from fastapi import APIRouter

from app.messages.router import actions, competent_bodies, messages, policies, replies

router = APIRouter()
router.include_router(messages.router)
router.include_router(actions.router)
router.include_router(replies.router)
router.include_router(competent_bodies.router)
router.include_router(policies.router)
