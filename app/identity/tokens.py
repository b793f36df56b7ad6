"""Access tokens (RFC 9068 in spirit): python-jose behind one strict `decode()`, and who a token belongs to.

python-jose by itself takes tokens without `aud` and `exp`, ignores `crit`, and lets exceptions of other kinds out; so
shape, header and claims are checked here, and every doubt is 401.
"""

import base64
import json
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from jose import jws, jwt
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.ids import new_id
from app.core.problems import Unauthenticated
from app.core.security import Principal
from app.core.settings import Settings
from app.identity.identity_provider import IdentityProviderKeys
from app.identity.keys import ALGORITHM, SigningKey, load_signing_key
from app.identity.models import ApiClient, ApiClientPoint, TokenFamily
from app.identity.queries import load_rights
from app.identity.roles import Role, scopes_of
from app.organizations.models import Employee

MAX_LENGTH = 4096
TYPE = "at+jwt"
LEEWAY_SECONDS = 5
CACHED_TOKENS = 2048
_SHAPE = re.compile(r"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{16,}")
_OWN_CLAIMS = {"iss", "aud", "sub", "jti", "sid", "iat", "exp", "scope", "narrowed"}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `family_id` is None for a token of the ministry's identity provider, `scopes` for
    one that its owner did not narrow: such a token gives whatever they may at the moment."""

    subject: str
    expires_at: int
    family_id: UUID | None
    scopes: frozenset[str] | None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) != len(pairs):
        raise ValueError("a repeated name")
    return known


def _part(encoded: str) -> dict[str, Any]:
    raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    told = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    if not isinstance(told, dict):
        raise TypeError("not an object")
    return told


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**40


def _check_claims(claims: Mapping[str, Any], issuer: str, audience: str, longest: int | None) -> None:
    """Raise `ValueError` unless who, for whom and when are all there, of the right type, and right."""
    moment = int(time.time())
    exp, iat = claims.get("exp"), claims.get("iat")
    if claims.get("iss") != issuer or not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise ValueError("iss or sub")
    if claims.get("aud") != audience or not isinstance(claims.get("jti"), str):
        raise ValueError("aud or jti")
    if not (_is_time(exp) and _is_time(iat)) or exp <= moment or iat > moment + LEEWAY_SECONDS or exp <= iat:  # type: ignore[operator]
        raise ValueError("exp or iat")
    if longest is not None and exp - iat > longest:  # type: ignore[operator]
        raise ValueError("too long a life")
    nbf = claims.get("nbf")
    if nbf is not None and (not _is_time(nbf) or nbf > moment + LEEWAY_SECONDS):
        raise ValueError("nbf")


def decode(
    token: str, keys: Mapping[str, Any], *, typ: str, issuer: str, audience: str, longest: int | None = None
) -> dict[str, Any]:
    """The claims of a token that one of the keys signed. Raises `Unauthenticated` for anything doubtful."""
    try:
        if len(token) > MAX_LENGTH or not _SHAPE.fullmatch(token):
            raise ValueError("shape")
        encoded_header, encoded_claims, _ = token.split(".")
        header = _part(encoded_header)
        kid = header.get("kid")
        if not isinstance(kid, str) or header != {"alg": ALGORITHM, "typ": typ, "kid": kid}:
            raise ValueError("header")
        jws.verify(token, keys[kid], algorithms=[ALGORITHM])
        claims = _part(encoded_claims)
        _check_claims(claims, issuer, audience, longest)
    except Exception:  # whatever a hostile token breaks inside a library is a 401  # noqa: BLE001
        raise Unauthenticated from None
    return claims


class TokenResolver:
    """Makes and verifies access tokens, and reads from the database who the caller is now."""

    def __init__(self, settings: Settings) -> None:
        self.key: SigningKey = load_signing_key(settings)
        self._settings = settings
        self._external = IdentityProviderKeys(settings)
        self._verified: OrderedDict[bytes, Claims] = OrderedDict()

    def issue(self, subject: UUID, family_id: UUID, scopes: frozenset[str], *, narrowed: bool) -> str:
        """A new access token; `narrowed` when it is not for all that its owner may."""
        moment = int(time.time())
        claims = {
            "iss": self._settings.issuer,
            "aud": self._settings.audience,
            "sub": str(subject),
            "jti": str(new_id()),
            "sid": str(family_id),
            "iat": moment,
            "exp": moment + self._settings.access_token_seconds,
            "scope": " ".join(sorted(scopes)),
            "narrowed": narrowed,
        }
        headers = {"typ": TYPE, "kid": self.key.kid}
        return str(jwt.encode(claims, self.key.private, algorithm=ALGORITHM, headers=headers))

    async def verify(self, token: str) -> Claims:
        """Check signature and claims; a token that was verified before is only checked for its time."""
        fingerprint = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(fingerprint)
        if known is not None and known.expires_at > time.time():
            return known
        claims = await self._verify(token)
        self._verified[fingerprint] = claims
        if len(self._verified) > CACHED_TOKENS:
            self._verified.popitem(last=False)
        return claims

    async def _verify(self, token: str) -> Claims:
        if self._external.is_configured and self._external.is_issuer_of(token):
            kid = _kid_of(token)
            claims = decode(
                token,
                await self._external.keys_for(kid),
                typ="JWT",
                issuer=self._settings.idp_issuer,
                audience=self._settings.idp_audience,
            )
            return Claims(claims["sub"], claims["exp"], None, None)
        claims = decode(
            token,
            {self.key.kid: self.key.public},
            typ=TYPE,
            issuer=self._settings.issuer,
            audience=self._settings.audience,
            longest=self._settings.access_token_seconds,
        )
        try:
            if set(claims) != _OWN_CLAIMS or not isinstance(claims["scope"], str):
                raise Unauthenticated
            if not isinstance(claims["narrowed"], bool):
                raise Unauthenticated
            scopes = frozenset(claims["scope"].split()) if claims["narrowed"] else None
            return Claims(claims["sub"], claims["exp"], UUID(claims["sid"]), scopes)
        except (ValueError, TypeError, AttributeError):
            raise Unauthenticated from None

    async def family_of(self, token: str) -> UUID | None:
        """The session of one of our access tokens, None for anything else."""
        try:
            return (await self.verify(token)).family_id
        except Unauthenticated:
            return None

    async def resolve(self, session: AsyncSession, credentials: Claims) -> Principal:
        """The caller with the rights of this moment: role, unit, disabled state and substitution come from the
        database."""
        if credentials.family_id is None:
            query = select(Employee).where(Employee.external_subject == credentials.subject)
            return await _employee(session, (await session.exec(query)).first(), None, None)
        family = await session.get(TokenFamily, credentials.family_id)
        if family is None or family.revoked_at is not None or family.expires_at <= clock.now():
            raise Unauthenticated
        if family.api_client_id is not None:
            return await _client(session, family, credentials.scopes)
        employee = await session.get(Employee, family.employee_id)
        return await _employee(session, employee, credentials.scopes, family.id)


async def _employee(
    session: AsyncSession, row: Employee | None, scopes: frozenset[str] | None, session_id: UUID | None
) -> Principal:
    if row is None or row.is_disabled:
        raise Unauthenticated
    rights = await load_rights(session, row)
    return Principal(
        kind="employee",
        id=row.id,
        username=row.username,
        name=row.name,
        roles=rights.roles,
        scopes=rights.scopes if scopes is None else rights.scopes & scopes,
        unit_id=row.unit_id,
        organization_id=row.organization_id,
        session_id=session_id,
        acts_for=rights.acts_for,
    )


async def _client(session: AsyncSession, family: TokenFamily, scopes: frozenset[str] | None) -> Principal:
    row = await session.get(ApiClient, family.api_client_id)
    if row is None or row.is_disabled:
        raise Unauthenticated
    points = select(ApiClientPoint.point_id).where(ApiClientPoint.api_client_id == row.id)
    roles = frozenset({Role.INTEGRATION.value})
    held = scopes_of(roles)
    return Principal(
        kind="client",
        id=row.id,
        username=row.client_id,
        name=row.name,
        roles=roles,
        scopes=held if scopes is None else held & scopes,
        unit_id=None,
        organization_id=row.organization_id,
        session_id=family.id,
        point_ids=frozenset((await session.exec(points)).all()),
    )


def _kid_of(token: str) -> str:
    try:
        kid = _part(token.split(".", maxsplit=1)[0]).get("kid")
    except Exception:  # a header of any kind  # noqa: BLE001
        raise Unauthenticated from None
    if not isinstance(kid, str):
        raise Unauthenticated
    return kid
