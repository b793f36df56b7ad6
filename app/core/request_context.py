"""Facts about the request at work, for logs and audit records that no function should have to hand on."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestContext:
    """Of one request: its id, and the peer's address (None where it must not be kept)."""

    request_id: str
    address: str | None


current: ContextVar[RequestContext | None] = ContextVar("request_facts", default=None)


def get_request_id() -> str | None:
    """The id of the request at work, or None outside of one."""
    facts = current.get()
    return facts.request_id if facts else None


def get_client_address() -> str | None:
    """The peer's address, or None outside a request."""
    facts = current.get()
    return facts.address if facts else None
