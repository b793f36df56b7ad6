"""When two messages are of one client (O-2.2)."""

from collections.abc import Mapping
from typing import Any

from app.core.text import normalized


def is_same_client(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two clients share a contact or, where one of them has none, kind and name."""
    if one["contacts"] and other["contacts"]:
        return bool(_contacts(one) & _contacts(other))
    return (one["kind"], normalized(one["name"])) == (other["kind"], normalized(other["name"]))


def _contacts(client: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(contact["kind"], normalized(contact["value"])) for contact in client["contacts"]}
