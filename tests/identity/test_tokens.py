"""Tests of token verification: only valid tokens of this service are accepted (reliability B1 to B4; RFC 8725)."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from fastapi import FastAPI
from jose import jws, jwt

from app.core.problems import Unauthenticated
from app.identity.tokens import TYPE, TokenResolver, decode
from tests.identity.conftest import Door


@pytest.fixture(scope="module")
def tokens(application: FastAPI) -> TokenResolver:
    created: TokenResolver = application.state.get(TokenResolver)
    return created


@pytest.fixture
def valid_claims(tokens: TokenResolver) -> dict[str, Any]:
    """Return the claims of a valid token."""
    moment = int(time.time())
    return {
        "iss": "client-interaction",
        "aud": "client-interaction-api",
        "sub": "0198c6f0-0000-7000-8000-000000000000",
        "jti": "0198c6f0-0000-7000-8000-000000000001",
        "sid": "0198c6f0-0000-7000-8000-000000000002",
        "iat": moment,
        "exp": moment + 900,
        "scope": "messages:read",
        "narrowed": True,
    }


def sign_claims(tokens: TokenResolver, claims: Any, **header: Any) -> str:
    """Return a token with any claims and header, signed with the service's key."""
    headers = {"typ": TYPE, "kid": tokens.key.kid} | header
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    alg = header.pop("alg", "RS256")
    del alg
    return str(jws.sign(payload, tokens.key.private, headers=headers, algorithm="RS256"))


async def test_a_valid_token_is_accepted(tokens: TokenResolver, valid_claims: dict[str, Any]) -> None:
    claims = await tokens.verify(sign_claims(tokens, valid_claims))
    assert (claims.subject, claims.scopes) == (valid_claims["sub"], frozenset({"messages:read"}))
    assert (await tokens.verify(sign_claims(tokens, valid_claims | {"narrowed": False}))).scopes is None


NOW = int(time.time())
CLAIMS = ("iss", "aud", "sub", "jti", "sid", "iat", "exp", "scope", "narrowed")


@pytest.mark.parametrize(
    "change",
    [
        *[{name: None} for name in CLAIMS],
        *[{"-": name} for name in CLAIMS],
        {"aud": ["client-interaction-api"]},
        {"aud": "another"},
        {"iss": "another"},
        {"sub": ""},
        {"sub": 5},
        {"sid": "not a uuid"},
        {"sid": []},
        {"scope": []},
        {"narrowed": "no"},
        {"narrowed": 0},
        {"exp": NOW - 1},
        {"exp": NOW},
        {"iat": NOW - 500, "exp": NOW - 1},  # an expired token with a valid lifetime
        {"iat": NOW - 500, "exp": NOW},
        {"exp": "9999999999"},
        {"exp": 1e308},
        {"exp": True},
        {"exp": []},
        {"exp": 2**70},
        {"exp": NOW + 100_000},  # longer than any issued token
        {"iat": NOW + 1000, "exp": NOW + 1500},
        {"iat": "now"},
        {"iat": -1},
        {"admin": True},
    ],  # without explicit ids: they would contain the time, and all workers must see the same ids
)
async def test_missing_wrong_and_unknown_claims_are_refused(
    tokens: TokenResolver, valid_claims: dict[str, Any], change: dict[str, Any]
) -> None:
    claims = valid_claims | change
    if "-" in change:
        del claims["-"], claims[change["-"]]
    with pytest.raises(Unauthenticated):
        await tokens.verify(sign_claims(tokens, claims))


@pytest.mark.parametrize(
    "payload",
    [b'{"exp": Infinity}', b'{"exp": NaN}', b"[]", b"null", b"\xff", b'{"iss": "client-interaction", "iss": "x"}'],
    ids=repr,
)
async def test_malformed_payloads_are_refused(tokens: TokenResolver, payload: bytes) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(sign_claims(tokens, payload))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1--"},
        {"kid": "x" * 10_000},
        {"kid": ["a"]},
        {"jku": "https://example.org/keys"},
        {"x5u": "https://example.org/cert"},
        {"jwk": {"kty": "RSA"}},
        {"crit": ["exp"], "exp": 1},
        {"cty": "JWT"},
    ],
    ids=str,
)
async def test_foreign_headers_are_refused(
    tokens: TokenResolver, valid_claims: dict[str, Any], header: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(sign_claims(tokens, valid_claims, **header))


def encode_part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_other_algorithms_and_keys_are_refused(tokens: TokenResolver, valid_claims: dict[str, Any]) -> None:
    public = serialization.load_pem_public_key(tokens.key.public.to_pem())
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    jwk_text = json.dumps(tokens.key.public_jwk).encode()
    forged = []
    for alg in ("none", "None", "nOnE", "", "HS256", "HS512", "RS512", "ES256", "PS256"):
        header = {"alg": alg, "typ": TYPE, "kid": tokens.key.kid}
        forged.append(f"{encode_part(header)}.{encode_part(valid_claims)}.")
        forged.append(f"{encode_part(header)}.{encode_part(valid_claims)}.{'A' * 342}")
    for secret in (tokens.key.public.to_pem(), der, jwk_text, b""):
        signing = f"{encode_part({'alg': 'HS256', 'typ': TYPE, 'kid': tokens.key.kid})}.{encode_part(valid_claims)}"
        forged.append(f"{signing}.{encode_part(hmac.new(secret or b' ', signing.encode(), hashlib.sha256).digest())}")
    forged.append(
        jwt.encode(valid_claims, "another-secret", algorithm="HS256", headers={"typ": TYPE, "kid": tokens.key.kid})
    )
    for token in forged:
        with pytest.raises(Unauthenticated):
            await tokens.verify(token)


@pytest.mark.parametrize(
    "make",
    [
        lambda: "",
        lambda: ".",
        lambda: "..",
        lambda: "....",
        lambda: "a.b.c.d.e",
        lambda: "x" * 65_536,
        lambda: f"{encode_part(b'[' * 3000)}.{encode_part(b'{}')}.{'A' * 342}",
        lambda: f"{encode_part(b'[' * 6000)}.{encode_part(b'{}')}.{'A' * 342}",
        lambda: f"{encode_part(bytes(range(256)))}.{encode_part(b'{}')}.{'A' * 342}",
        lambda: f"{encode_part({'alg': 'RS256', 'typ': TYPE, 'kid': None})}.{encode_part(b'{}')}.{'A' * 342}",
        lambda: "\x00.\x00.\x00",
        lambda: "я.я.я",
        lambda: f"{encode_part(b'null')}.{encode_part(b'null')}.{'A' * 342}",
    ],
)
async def test_malformed_tokens_are_refused(tokens: TokenResolver, make: Callable[[], str]) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(make())


async def test_malformed_tokens_are_answered_with_401(
    door: Door, tokens: TokenResolver, valid_claims: dict[str, Any]
) -> None:
    for token in ("x", "a.b.c", "A" * 7000, sign_claims(tokens, valid_claims), sign_claims(tokens, b"[]")):
        response = await door.me(token)
        assert response.status_code == 401, token[:40]
        assert response.json()["code"] == "unauthenticated"
        assert response.headers["www-authenticate"].startswith("Bearer")


def test_decode_accepts_only_the_key_with_the_key_id(tokens: TokenResolver, valid_claims: dict[str, Any]) -> None:
    token = sign_claims(tokens, valid_claims)
    keys = {tokens.key.kid: tokens.key.public}
    assert decode(token, keys, typ=TYPE, issuer="client-interaction", audience="client-interaction-api")
    for wrong in ({}, {"other": tokens.key.public}):
        with pytest.raises(Unauthenticated):
            decode(token, wrong, typ=TYPE, issuer="client-interaction", audience="client-interaction-api")
