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
    """A key pair with its key id, the RFC 7638 thumbprint."""

    kid: str
    private: Any
    public: Any
    public_jwk: dict[str, str]


def load_signing_key(settings: Settings) -> SigningKey:
    """Load the signing key from the settings; the demo profile generates one in the var folder.

    Raises `ValueError` for anything but an RSA key of 2048 bits or more.
    """
    pem_or_path = settings.signing_key.get_secret_value()
    if pem_or_path:
        pem = pem_or_path if "-----BEGIN" in pem_or_path else Path(pem_or_path).read_text(encoding="ascii")
    elif settings.is_demo:
        pem = _load_or_create_pem(settings.var_dir / "signing-key.pem")
    else:
        raise ValueError("APP_SIGNING_KEY is missing")
    key = serialization.load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
        raise ValueError(f"APP_SIGNING_KEY is not an RSA key of {MIN_BITS} bits or more")
    return _build_signing_key(key)


def _build_signing_key(key: RSAPrivateKey) -> SigningKey:
    numbers = key.public_key().public_numbers()
    members = {"e": _encode_base64url(numbers.e), "kty": "RSA", "n": _encode_base64url(numbers.n)}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    kid = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
    public = {**members, "kid": kid, "alg": ALGORITHM, "use": "sig"}
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKey(kid, jwk.construct(pem.decode(), ALGORITHM), jwk.construct(public, ALGORITHM), public)


def _encode_base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _load_or_create_pem(path: Path) -> str:
    """Load the PEM key from a file, or generate it; when two processes generate at once, the first key is kept."""
    if path.exists():
        return path.read_text(encoding="ascii")
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = generate_private_key(public_exponent=65537, key_size=MIN_BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(temporary, path)  # fails when another process was first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_text(encoding="ascii")
