"""Access tokens, modelled on RFC 9068: issuing, strict verification with python-jose, and resolving the caller.

python-jose alone accepts tokens without `aud` and `exp`, ignores `crit` and raises exceptions of other types. So shape,
header and claims are checked here, and anything doubtful is answered with 401.
"""

import base64
import json
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
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
from app.identity.queries import load_employee, load_employee_by_subject, load_rights
from app.identity.roles import Role, scopes_of

if TYPE_CHECKING:
    from app.organizations.models import Employee

MAX_LENGTH = 4096
TYPE = "at+jwt"
LEEWAY_SECONDS = 5
CACHED_TOKENS = 2048
_SHAPE = re.compile(r"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{16,}")
_OWN_CLAIMS = {"iss", "aud", "sub", "jti", "sid", "iat", "exp", "scope", "narrowed"}


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a verified token.

    `family_id` is None for a token of the ministry's identity provider. `scopes` is None for a token that is not
    narrowed: it has all current scopes of its owner.
    """

    subject: str
    expires_at: int
    family_id: UUID | None
    scopes: frozenset[str] | None


def _build_unique_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a repeated name")
    return members


def _parse_part(encoded: str) -> dict[str, Any]:
    raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    part = json.loads(raw.decode("utf-8"), object_pairs_hook=_build_unique_dict, parse_constant=_refuse_constant)
    if not isinstance(part, dict):
        raise TypeError("not an object")
    return part


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**40


def _check_claims(claims: Mapping[str, Any], issuer: str, audience: str, longest: int | None) -> None:
    """Raise `ValueError` unless issuer, audience, subject, id and times are present, of the right type and valid."""
    moment = int(time.time())
    exp, iat = claims.get("exp"), claims.get("iat")
    if claims.get("iss") != issuer or not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise ValueError("iss or sub")
    if claims.get("aud") != audience or not isinstance(claims.get("jti"), str):
        raise ValueError("aud or jti")
    if not (_is_time(exp) and _is_time(iat)) or exp <= moment or iat > moment + LEEWAY_SECONDS or exp <= iat:  # type: ignore[operator]
        raise ValueError("exp or iat")
    if longest is not None and exp - iat > longest:  # type: ignore[operator]
        raise ValueError("lifetime")
    nbf = claims.get("nbf")
    if nbf is not None and (not _is_time(nbf) or nbf > moment + LEEWAY_SECONDS):
        raise ValueError("nbf")


def decode(
    token: str, keys: Mapping[str, Any], *, typ: str, issuer: str, audience: str, longest: int | None = None
) -> dict[str, Any]:
    """Return the claims of a token signed by one of the keys. Raises `Unauthenticated` for any other token.

    `longest` limits the lifetime of a token in seconds.
    """
    try:
        if len(token) > MAX_LENGTH or not _SHAPE.fullmatch(token):
            raise ValueError("shape")
        encoded_header, encoded_claims, _ = token.split(".")
        header = _parse_part(encoded_header)
        kid = header.get("kid")
        if not isinstance(kid, str) or header != {"alg": ALGORITHM, "typ": typ, "kid": kid}:
            raise ValueError("header")
        jws.verify(token, keys[kid], algorithms=[ALGORITHM])
        claims = _parse_part(encoded_claims)
        _check_claims(claims, issuer, audience, longest)
    except Exception:  # a hostile token may raise anything inside the library: always 401  # noqa: BLE001
        raise Unauthenticated from None
    return claims


class TokenResolver:
    """Issues and verifies access tokens, and loads the caller with their current rights from the database."""

    def __init__(self, settings: Settings) -> None:
        self.key: SigningKey = load_signing_key(settings)
        self._settings = settings
        self._external = IdentityProviderKeys(settings)
        self._verified: OrderedDict[bytes, Claims] = OrderedDict()

    def issue(self, subject: UUID, family_id: UUID, scopes: frozenset[str], *, narrowed: bool) -> str:
        """Return a new access token; `narrowed` means that it has fewer scopes than its owner."""
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
        """Return the claims of a valid token. Raises `Unauthenticated`.

        Verified tokens are cached: only their expiry is checked again.
        """
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
            kid = _parse_kid(token)
            claims = decode(
                token,
                await self._external.get_keys(kid),
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
        """Return the session id of an access token of this service, or None."""
        try:
            return (await self.verify(token)).family_id
        except Unauthenticated:
            return None

    async def resolve(self, session: AsyncSession, credentials: Claims) -> Principal:
        """Load the caller with their current roles, unit and substitution. Raises `Unauthenticated` if disabled."""
        if credentials.family_id is None:
            employee = await load_employee_by_subject(session, credentials.subject)
            return await _build_employee(session, employee, None, None)
        family = await session.get(TokenFamily, credentials.family_id)
        if family is None or family.revoked_at is not None or family.expires_at <= clock.now():
            raise Unauthenticated
        if family.api_client_id is not None:
            return await _load_client(session, family, credentials.scopes)
        employee = await load_employee(session, family.employee_id)
        return await _build_employee(session, employee, credentials.scopes, family.id)


async def _build_employee(
    session: AsyncSession, row: "Employee | None", scopes: frozenset[str] | None, session_id: UUID | None
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


async def _load_client(session: AsyncSession, family: TokenFamily, scopes: frozenset[str] | None) -> Principal:
    row = await session.get(ApiClient, family.api_client_id)
    if row is None or row.is_disabled:
        raise Unauthenticated
    points = select(ApiClientPoint.point_id).where(ApiClientPoint.api_client_id == row.id)
    roles = frozenset({Role.INTEGRATION.value})
    role_scopes = scopes_of(roles)
    return Principal(
        kind="client",
        id=row.id,
        username=row.client_id,
        name=row.name,
        roles=roles,
        scopes=role_scopes if scopes is None else role_scopes & scopes,
        unit_id=None,
        organization_id=row.organization_id,
        session_id=family.id,
        point_ids=frozenset((await session.exec(points)).all()),
    )


def _parse_kid(token: str) -> str:
    try:
        kid = _parse_part(token.split(".", maxsplit=1)[0]).get("kid")
    except Exception:  # any malformed header  # noqa: BLE001
        raise Unauthenticated from None
    if not isinstance(kid, str):
        raise Unauthenticated
    return kid
