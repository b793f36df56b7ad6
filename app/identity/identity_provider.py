"""Keys of the ministry's own identity provider: fetched by one caller for all, cached, kept when the provider fails."""

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
    """The provider's public keys by their ids."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    @property
    def is_configured(self) -> bool:
        """Whether tokens of a provider are accepted at all."""
        return bool(self._settings.idp_issuer)

    def is_issuer_of(self, token: str) -> bool:
        """Whether a token claims to be the provider's; it is believed only after its signature was checked."""
        try:
            encoded = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
            return bool(claims["iss"] == self._settings.idp_issuer)
        except Exception:  # noqa: BLE001  anything odd is not the provider's; the strict check says 401
            return False

    async def keys_for(self, kid: str) -> Mapping[str, Any]:
        """The keys, fetched when they are old or the id is not among them; stale ones stay when a fetch fails."""
        if self._is_due(kid):
            async with self._fetching:
                if self._is_due(kid):  # another caller may have fetched while we waited
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
                client.stream("GET", self._settings.idp_jwks_url) as answer,
            ):
                answer.raise_for_status()
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        raise ValueError("the key set is too large")
            self._keys = _read(json.loads(body))
            self._fetched_at = self._tried_at
        except Exception as error:  # the provider's failure is not ours: old keys stay good  # noqa: BLE001
            log.warning("jwks_fetch_failed", error=type(error).__name__)


def _read(document: Any) -> dict[str, Any]:
    """RSA signing keys with an id; anything else in the set is not for us."""
    keys: dict[str, Any] = {}
    for member in document["keys"]:
        if member.get("kty") == "RSA" and member.get("use", "sig") == "sig" and isinstance(member.get("kid"), str):
            keys[member["kid"]] = jwk.construct(member, ALGORITHM)
    return keys
