"""Delivery of replies."""

from collections.abc import Mapping, Sequence

from app.core.outbox import Event, Handler

HANDLERS: Mapping[type[Event], Sequence[Handler]] = {}
