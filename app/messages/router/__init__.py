"""HTTP of messages and of the replies to them."""

from fastapi import APIRouter

from app.messages.router import messages, replies

router = APIRouter()
router.include_router(messages.router)
router.include_router(replies.router)
