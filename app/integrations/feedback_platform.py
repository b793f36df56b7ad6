"""The feedback platform, which reads sent replies through the API; nothing is sent to it."""

from collections.abc import Mapping
from typing import Any

from app.deliveries.ports import Dispatch, Limits, Receipt
from app.deliveries.rules import Recovery


class FeedbackPlatform:
    """The adapter of points without channel credentials; the platform reads the sent reply."""

    recovery = Recovery.REPEATS_SAFELY
    dedupes_for = None
    limits = Limits()

    async def send(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt:
        """Return a receipt; no network call is made."""
        del dispatch, content
        return Receipt(None)

    async def find(self, dispatch: Dispatch, content: Mapping[str, Any]) -> Receipt | None:
        """Return None: there is nothing to look up."""
        del dispatch, content
        return None
