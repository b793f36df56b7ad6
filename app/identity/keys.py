"""The RSA key pair that signs access tokens."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jose import jwk

from app.core.settings import Settings

ALGORITHM = "RS256"
MIN_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key pair with its id, the RFC 7638 thumbprint."""

    kid: str
    private: Any
    public: Any
    public_jwk: dict[str, str]


def load_signing_key(settings: Settings) -> SigningKey:
    """The key of the settings; in the demo profile one that is made once in the var folder.

    Raises `ValueError` for anything but an RSA key of 2048 bits or more.
    """
    given = settings.signing_key.get_secret_value()
    if given:
        pem = given if "-----BEGIN" in given else Path(given).read_text(encoding="ascii")
    elif settings.is_demo:
        pem = _made_once(settings.var_dir / "signing-key.pem")
    else:
        raise ValueError("APP_SIGNING_KEY is missing")
    key = serialization.load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
        raise ValueError(f"APP_SIGNING_KEY is not an RSA key of {MIN_BITS} bits or more")
    return _signing_key(key)


def _signing_key(key: RSAPrivateKey) -> SigningKey:
    numbers = key.public_key().public_numbers()
    members = {"e": _base64url(numbers.e), "kty": "RSA", "n": _base64url(numbers.n)}
    told = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    kid = base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=").decode()
    public = {**members, "kid": kid, "alg": ALGORITHM, "use": "sig"}
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKey(kid, jwk.construct(pem.decode(), ALGORITHM), jwk.construct(public, ALGORITHM), public)


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _made_once(path: Path) -> str:
    """A key made now if there is none; of two processes at once the first one's stays."""
    if path.exists():
        return path.read_text(encoding="ascii")
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = generate_private_key(public_exponent=65537, key_size=MIN_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(draft, path)  # fails when another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii")
