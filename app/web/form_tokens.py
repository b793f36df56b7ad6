"""Signed tokens of the page's form: valid for a day and one submission, without data about the respondent."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.surveys.service.drafts import CODE_DIGITS

LIFE = timedelta(hours=24)
"""Shorter than the retention of idempotency keys, so that a token expires before its key is deleted."""
NONCE_BYTES = 16
_SIGNATURE = 32


@dataclass(frozen=True, slots=True)
class FormToken:
    """A parsed token: its nonce, and whether it has expired."""

    nonce: str
    is_expired: bool

    @property
    def key(self) -> str:
        """The idempotency key of the token: a hash of its nonce."""
        return hashlib.sha256(self.nonce.encode()).hexdigest()


def _sign(secret: str, what: str, text: str) -> bytes:
    return hmac.new(secret.encode(), f"{what}\0{text}".encode(), hashlib.sha256).digest()


def make(secret: str, now: datetime) -> str:
    """Create a token."""
    text = f"{int(now.timestamp()):x}.{secrets.token_hex(NONCE_BYTES)}"
    return f"{text}.{_sign(secret, 'form', text).hex()[:_SIGNATURE]}"


def read(secret: str, token: str, now: datetime) -> FormToken | None:
    """Parse a token; None if its signature is wrong."""
    text, _, signature = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(_sign(secret, "form", text).hex()[:_SIGNATURE], signature):
        return None
    created, _, nonce = text.partition(".")
    return FormToken(nonce, is_expired=now.timestamp() - int(created, 16) > LIFE.total_seconds())


def compute_code(secret: str, token: FormToken) -> str:
    """Return the draft code of a page; it is the same for the same page, so that a reload saves one draft."""
    return f"{int.from_bytes(_sign(secret, 'code', token.nonce), 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def compute_fingerprint(token: FormToken, text: str) -> str:
    """Return the fingerprint of the answers, keyed by the token, so that only its holder can compare them."""
    return _sign(token.nonce, "answers", text).hex()
