"""The context of the current request, for logs and audit records."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """The request id and the client address (None if it must not be stored)."""

    request_id: str
    address: str | None


current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def get_request_id() -> str | None:
    """Return the id of the current request, or None outside a request."""
    context = current.get()
    return context.request_id if context else None


def get_client_address() -> str | None:
    """Return the client address, or None outside a request."""
    context = current.get()
    return context.address if context else None
