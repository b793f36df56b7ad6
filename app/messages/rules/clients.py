"""When two messages are of one client, and texts without what tells of the client (O-2.2)."""

from collections.abc import Mapping
from typing import Any

from app.language.masking import mask_personal_data
from app.language.normalization import normalize


def is_same_client(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two clients share a contact or, where one of them has none, kind and name."""
    if one["contacts"] and other["contacts"]:
        return bool(_contacts(one) & _contacts(other))
    return (one["kind"], normalize(one["name"])) == (other["kind"], normalize(other["name"]))


def _contacts(client: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(contact["kind"], normalize(contact["value"])) for contact in client["contacts"]}


def without_client(text: str, client: Mapping[str, Any]) -> str:
    """The text without the names and contacts of the client and their representative, and what may be personal data."""
    people = [client, client.get("representative") or {}]
    names = [person["name"] for person in people if person.get("name")]
    contacts = [contact["value"] for person in people for contact in person.get("contacts", [])]
    return mask_personal_data(text, names=names, contacts=contacts)
