"""Public keys of the ministry's identity provider: fetched once for all callers, cached, kept when a fetch fails."""

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from jose import jwk

from app.core.settings import Settings
from app.identity.keys import ALGORITHM

log = structlog.get_logger()

MAX_BYTES = 65_536
TIMEOUT_SECONDS = 3.0
UNKNOWN_KID_PAUSE_SECONDS = 10


class IdentityProviderKeys:
    """A cache of the provider's public keys by key id."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    @property
    def is_configured(self) -> bool:
        """Whether tokens of an identity provider are accepted."""
        return bool(self._settings.idp_issuer)

    def is_issuer_of(self, token: str) -> bool:
        """Return whether a token claims to be issued by the provider. The signature is not checked here."""
        try:
            encoded = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
            return bool(claims["iss"] == self._settings.idp_issuer)
        except Exception:  # noqa: BLE001  a malformed token is not the provider's; the strict check answers 401
            return False

    async def get_keys(self, kid: str) -> Mapping[str, Any]:
        """Return the keys by id; fetch them when they are old or `kid` is missing, keep them when the fetch fails."""
        if self._is_due(kid):
            async with self._fetching:
                if self._is_due(kid):  # another caller may have fetched the keys in the meantime
                    await self._fetch()
        return self._keys

    def _is_due(self, kid: str) -> bool:
        moment = time.monotonic()
        if moment - self._tried_at < UNKNOWN_KID_PAUSE_SECONDS:
            return False
        return kid not in self._keys or moment - self._fetched_at > self._settings.idp_jwks_seconds

    async def _fetch(self) -> None:
        self._tried_at = time.monotonic()
        try:
            async with (
                httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS) as client,
                client.stream("GET", self._settings.idp_jwks_url) as response,
            ):
                response.raise_for_status()
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise ValueError("the key set is too large")
            self._keys = _parse_jwks(json.loads(body))
            self._fetched_at = self._tried_at
        except Exception as error:  # the keys fetched before stay in use  # noqa: BLE001
            log.warning("jwks_fetch_failed", error=type(error).__name__)


def _parse_jwks(document: Any) -> dict[str, Any]:
    """Return the RSA signing keys of a JWK set by key id; other keys are ignored."""
    keys: dict[str, Any] = {}
    for member in document["keys"]:
        if member.get("kty") == "RSA" and member.get("use", "sig") == "sig" and isinstance(member.get("kid"), str):
            keys[member["kid"]] = jwk.construct(member, ALGORITHM)
    return keys
