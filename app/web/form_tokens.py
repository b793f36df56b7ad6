"""The token of a page's form: made by us, good for a day and for one submission; it says nothing of who holds it."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.surveys.service.drafts import CODE_DIGITS

LIFE = timedelta(hours=24)
"""Shorter than idempotency keys are kept, so that a token is never forgotten before it expires."""
NONCE_BYTES = 16
_SIGNATURE = 32


@dataclass(frozen=True, slots=True)
class FormToken:
    """A token that was read: its nonce, and whether its day is over."""

    nonce: str
    is_expired: bool

    @property
    def key(self) -> str:
        """What is kept of it to know it again."""
        return hashlib.sha256(self.nonce.encode()).hexdigest()


def _signed(secret: str, what: str, text: str) -> bytes:
    return hmac.new(secret.encode(), f"{what}\0{text}".encode(), hashlib.sha256).digest()


def make(secret: str, now: datetime) -> str:
    """A new token."""
    told = f"{int(now.timestamp()):x}.{secrets.token_hex(NONCE_BYTES)}"
    return f"{told}.{_signed(secret, 'form', told).hex()[:_SIGNATURE]}"


def read(secret: str, token: str, now: datetime) -> FormToken | None:
    """The token, None if we never made it."""
    told, _, signature = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(_signed(secret, "form", told).hex()[:_SIGNATURE], signature):
        return None
    made, _, nonce = told.partition(".")
    return FormToken(nonce, is_expired=now.timestamp() - int(made, 16) > LIFE.total_seconds())


def code_of(secret: str, token: FormToken) -> str:
    """The code that a half-filled form is saved under: the same for the same page, so that a reload saves once."""
    return f"{int.from_bytes(_signed(secret, 'code', token.nonce), 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def fingerprint(token: FormToken, text: str) -> str:
    """What tells the same answers from others, to whoever holds the token only."""
    return _signed(token.nonce, "answers", text).hex()
