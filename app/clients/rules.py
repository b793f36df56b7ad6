"""Client cards, comparison of contacts, masking of a client's personal data (O-2.2).

`client_contacts.normalized_value` and `clients.content_hash` store results of these functions. A change of the
functions requires a migration that recomputes both.
"""

import hashlib
import json
import unicodedata
from dataclasses import asdict, dataclass
from enum import StrEnum

import phonenumbers

from app.language.masking import mask_personal_data
from app.language.normalization import normalize

REGION = "RU"
"""The region of phone numbers without a country code."""
PHONE_KINDS = frozenset({"phone", "mobile", "whatsapp", "viber"})
"""The kinds of contacts whose value is a phone number."""
MAX_LENGTH = 500
"""The maximum length of a contact, as given and normalized, in code points."""


class ClientKind(StrEnum):
    """Kinds of external clients (O-2.2)."""

    INDIVIDUAL = "individual"
    LEGAL_ENTITY = "legal_entity"
    SOLE_PROPRIETOR = "sole_proprietor"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact: the kind of channel and the address in it, as given."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Representative:
    """The representative of a client and the authority to act."""

    name: str
    authority: str
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientCard:
    """The details of a client, exactly as given."""

    kind: ClientKind
    name: str
    contacts: tuple[Contact, ...] = ()
    representative: Representative | None = None


def normalize_contact(kind: str, value: str) -> str:
    """Return the normalized form of a contact. Contacts of one kind are compared by it.

    A valid phone number becomes E.164 with its extension. Other values are folded: Unicode NFKC, case, whitespace,
    ё as е. A value that becomes too long is replaced by its SHA-256.
    """
    text = _fold(value)
    if kind in PHONE_KINDS:
        text = _parse_phone(text) or text
    return text if len(text) <= MAX_LENGTH else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _fold(value: str) -> str:
    text = normalize(unicodedata.normalize("NFKC", normalize(value)))
    return text or value


def _parse_phone(text: str) -> str | None:
    """Parse a phone number to E.164 with its extension; None if it is not valid."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    extension = f";ext={number.extension}" if number.extension else ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) + extension


def compute_content_hash(card: ClientCard) -> str | None:
    """Return the hash of a card; None without contacts, as equal cards may be different clients."""
    if not card.contacts:
        return None
    return hashlib.sha256(json.dumps(asdict(card), sort_keys=True).encode()).hexdigest()


def mask_client(text: str, card: ClientCard) -> str:
    """Mask the names and contacts of the client and the representative and other personal data in a text."""
    names, contacts = [card.name], [*card.contacts]
    if card.representative is not None:
        names.append(card.representative.name)
        contacts += card.representative.contacts
    return mask_personal_data(text, names=names, contacts=[contact.value for contact in contacts])
