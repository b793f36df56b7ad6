"""Tests of tokens of the ministry's identity provider: keys are fetched once and kept when a fetch fails."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import respx
from jose import jws
from sqlmodel import select

from app.core.problems import Unauthenticated
from app.identity.keys import SigningKey, load_signing_key
from app.identity.tokens import TokenResolver
from app.organizations.models import Employee
from tests.conftest import JoinedDatabase, settings_for
from tests.identity.conftest import Door

JWKS = "https://idp.example/jwks.json"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """The provider's key pair."""
    return load_signing_key(settings_for("sqlite:///x", tmp_path_factory.mktemp("idp")))


@pytest_asyncio.fixture
async def resolver(tmp_path: Path) -> AsyncIterator[TokenResolver]:
    """Yield a resolver that accepts the provider's tokens."""
    yield TokenResolver(
        settings_for(
            "sqlite:///x", tmp_path, idp_issuer="https://idp.example", idp_jwks_url=JWKS, idp_audience="ministry"
        )
    )


def sign_token(key: SigningKey, **change: Any) -> str:
    moment = int(time.time())
    claims = {
        "iss": "https://idp.example",
        "aud": "ministry",
        "sub": "s-1",
        "jti": "j",
        "iat": moment,
        "exp": moment + 60,
    }
    payload = json.dumps(claims | change).encode()
    return str(jws.sign(payload, key.private, headers={"typ": "JWT", "kid": key.kid}, algorithm="RS256"))


async def test_keys_are_fetched_once_and_kept_when_a_fetch_fails(resolver: TokenResolver, provider: SigningKey) -> None:
    with respx.mock:
        route = respx.get(JWKS).mock(return_value=httpx.Response(200, json={"keys": [provider.public_jwk]}))
        tokens = [sign_token(provider, jti=str(i)) for i in range(20)]
        claims = await asyncio.gather(*[resolver.verify(one) for one in tokens])
        assert {c.subject for c in claims} == {"s-1"} and {c.family_id for c in claims} == {None}
        assert route.call_count == 1
        route.mock(side_effect=httpx.ConnectError("down"))
        resolver._external._fetched_at = resolver._external._tried_at = float("-inf")
        assert (await resolver.verify(sign_token(provider, jti="after"))).subject == "s-1"
        assert route.call_count == 2


@pytest.mark.parametrize("change", [{"aud": "other"}, {"exp": 1}, {"sub": 5}, {"iss": "https://evil.example"}], ids=str)
async def test_wrong_claims_of_the_provider_are_401(
    resolver: TokenResolver, provider: SigningKey, change: dict[str, Any]
) -> None:
    with respx.mock:
        respx.get(JWKS).mock(return_value=httpx.Response(200, json={"keys": [provider.public_jwk]}))
        with pytest.raises(Unauthenticated):
            await resolver.verify(sign_token(provider, **change))


async def test_an_unknown_key_is_fetched_at_most_once_in_ten_seconds(resolver: TokenResolver, tmp_path: Path) -> None:
    stranger = load_signing_key(settings_for("sqlite:///x", tmp_path / "stranger"))
    with respx.mock:
        route = respx.get(JWKS).mock(return_value=httpx.Response(200, json={"keys": []}))
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await resolver.verify(sign_token(stranger))
        assert route.call_count == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 100_000, b'{"keys": [1]}'])
async def test_a_malformed_key_set_is_401(resolver: TokenResolver, provider: SigningKey, body: bytes) -> None:
    with respx.mock:
        respx.get(JWKS).mock(return_value=httpx.Response(200, content=body))
        with pytest.raises(Unauthenticated):
            await resolver.verify(sign_token(provider))


@pytest.mark.order("O-2.3")
async def test_an_external_subject_has_the_rights_of_the_employee(
    door: Door, resolver: TokenResolver, provider: SigningKey, database: JoinedDatabase
) -> None:
    with respx.mock:
        respx.get(JWKS).mock(return_value=httpx.Response(200, json={"keys": [provider.public_jwk]}))
        claims = await resolver.verify(sign_token(provider))
    async with database.transaction() as session:
        with pytest.raises(Unauthenticated):
            await resolver.resolve(session, claims)
        row = (await session.exec(select(Employee).where(Employee.username == "boris"))).one()
        row.external_subject = "s-1"
        await session.flush()
        assert (await resolver.resolve(session, claims)).roles == frozenset({"unit_head"})
