"""The sender: one attempt of a delivery, from the content to the outcome, with no transaction open during the call."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.core import clock
from app.core.db import Database, require_no_transaction
from app.deliveries.ports import (
    Adapter,
    DeliveryError,
    Dispatch,
    PermanentError,
    Refused,
    Registry,
    TransientError,
)
from app.deliveries.rules import AttemptResult, Outcome, Recovery, effective_recovery
from app.deliveries.target_limits import TargetLimits


class Sender:
    """Makes single attempts through the adapters."""

    def __init__(self, database: Database, registry: Registry, limits: TargetLimits, timeout: timedelta) -> None:
        self._database = database
        self._registry = registry
        self._limits = limits
        self._timeout = timeout

    async def attempt(self, dispatch: Dispatch) -> AttemptResult:
        """Send a delivery once and return the outcome."""
        adapter, handler = self._registry.adapter(dispatch.target), self._registry.handlers.get(dispatch.kind)
        if adapter is None or handler is None:
            return AttemptResult(Outcome.PERMANENT, code="no_adapter")
        if dispatch.may_have_arrived and self.get_recovery(dispatch) is Recovery.NONE:
            return AttemptResult(Outcome.UNCLEAR, code="not_repeatable")
        try:
            async with self._database.transaction(write=False) as session:
                content = await handler.prepare(session, dispatch)
        except Refused as refusal:
            return AttemptResult(Outcome.REFUSED, code=refusal.code)
        except Exception as error:  # nothing was sent  # noqa: BLE001
            return AttemptResult(Outcome.TRANSIENT, code=f"not_prepared:{type(error).__name__}")
        await self._limits.wait_for_turn(dispatch)
        require_no_transaction()
        if dispatch.may_have_arrived and adapter.recovery is Recovery.LOOKS_UP:
            found = await self._look_up(adapter, dispatch, content)
            if found is not None:
                return found
        return await self._send(adapter, dispatch, content)

    async def _look_up(self, adapter: Adapter, dispatch: Dispatch, content: Mapping[str, Any]) -> AttemptResult | None:
        """Return the result if it arrived earlier or the lookup failed, None if it did not arrive."""
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                receipt = await adapter.find(dispatch, content)
        except Exception as error:  # nothing was sent  # noqa: BLE001
            wait = error.retry_after if isinstance(error, DeliveryError) else None
            code = f"not_looked_up:{_get_code(error)}"
            return AttemptResult(Outcome.TRANSIENT, code=code, retry_after=wait, is_partners=True)
        return AttemptResult(Outcome.SENT, external_id=receipt.external_id) if receipt is not None else None

    async def _send(self, adapter: Adapter, dispatch: Dispatch, content: Mapping[str, Any]) -> AttemptResult:
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                receipt = await adapter.send(dispatch, content)
        except TransientError as error:
            return AttemptResult(Outcome.TRANSIENT, None, error.code, error.retry_after, is_partners=True)
        except PermanentError as error:
            return AttemptResult(Outcome.PERMANENT, code=error.code)
        except Exception as error:  # it may have arrived: a timeout, an interruption or an unknown error  # noqa: BLE001
            return AttemptResult(Outcome.UNCLEAR, code=_get_code(error), is_partners=True)
        return AttemptResult(Outcome.SENT, external_id=receipt.external_id)

    def get_recovery(self, dispatch: Dispatch) -> Recovery:
        """Return how an attempt with an unknown outcome can still be recovered."""
        adapter = self._registry.adapter(dispatch.target)
        if adapter is None:
            return Recovery.NONE
        return effective_recovery(adapter.recovery, adapter.dedupes_for, dispatch.first_attempt_at, clock.now())


def _get_code(error: Exception) -> str:
    if isinstance(error, DeliveryError):
        return error.code
    return "timeout" if isinstance(error, TimeoutError) else type(error).__name__[:100]
