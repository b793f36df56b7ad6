"""Passwords: Argon2id (OWASP: 19 MiB, t=2, p=1), hashed in a thread, at most two at once."""

import asyncio
import unicodedata
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.core.problems import FieldError, ValidationFailed

SHORTEST, LONGEST = 8, 128
AT_ONCE = 2

_hasher = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))
_semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _get_semaphore() -> asyncio.Semaphore:
    return _semaphores.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


@cache
def _load_common_passwords() -> frozenset[str]:
    path = Path(__file__).parent / "data" / "common-passwords.txt"
    return frozenset(path.read_text(encoding="utf-8").split())


@cache
def _get_dummy_hash() -> str:
    return _hasher.hash("the password of no account")


def normalize_password(password: str) -> str:
    """Return a password in Unicode NFC, so that it is the same from any keyboard."""
    return unicodedata.normalize("NFC", password)


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password as a PHC string."""
    async with _get_semaphore():
        return await asyncio.to_thread(_hasher.hash, normalize_password(password))


async def verify_password(password: str, known_hash: str | None) -> bool:
    """Return whether the password matches the hash. Without a hash (unknown account) it takes as long and fails."""
    if len(password) > LONGEST:
        password = ""
    async with _get_semaphore():
        verify = _hasher.verify
        is_match = await asyncio.to_thread(verify, normalize_password(password), known_hash or _get_dummy_hash())
    return is_match and known_hash is not None


def require_acceptable_password(password: str, username: str, pointer: str) -> None:
    """Raise 422 unless the password has 8 to 128 characters, is not common and does not contain the user name."""
    plain = normalize_password(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        ru = f"Пароль должен содержать от {SHORTEST} до {LONGEST} символов."
        en = f"The password must have {SHORTEST} to {LONGEST} characters."
        raise ValidationFailed(field_errors=[FieldError(pointer, "password_length", ru, en)])
    folded = plain.casefold()
    if folded in _load_common_passwords() or username.casefold() in folded or len(set(folded)) < 4:  # noqa: PLR2004
        ru, en = "Пароль слишком простой.", "The password is too easy to guess."
        raise ValidationFailed(field_errors=[FieldError(pointer, "password_weak", ru, en)])
