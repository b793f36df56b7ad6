"""Passwords: Argon2id (OWASP: 19 MiB, t=2, p=1), hashed in a thread and never more than two at once."""

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
_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _place() -> asyncio.Semaphore:
    return _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


@cache
def _common() -> frozenset[str]:
    path = Path(__file__).parent / "data" / "common-passwords.txt"
    return frozenset(path.read_text(encoding="utf-8").split())


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of no account")


def normalize_password(password: str) -> str:
    """A password as it is hashed: NFC, so that two keyboards agree."""
    return unicodedata.normalize("NFC", password)


async def hash_password(password: str) -> str:
    """The PHC string of a password."""
    async with _place():
        return await asyncio.to_thread(_hasher.hash, normalize_password(password))


async def verify_password(password: str, known_hash: str | None) -> bool:
    """Whether the password fits the hash; without one (no such account) it takes the same time and is wrong."""
    if len(password) > LONGEST:
        password = ""
    async with _place():
        verify = _hasher.verify
        fits = await asyncio.to_thread(verify, normalize_password(password), known_hash or _nobodys_hash())
    return fits and known_hash is not None


def require_acceptable_password(password: str, username: str, pointer: str) -> None:
    """Raise 422 unless the password is 8 to 128 characters, not a common one, and not made of the user name."""
    plain = normalize_password(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        ru, en = f"От {SHORTEST} до {LONGEST} знаков.", f"From {SHORTEST} to {LONGEST} characters."
        raise ValidationFailed(field_errors=[FieldError(pointer, "password_length", ru, en)])
    folded = plain.casefold()
    if folded in _common() or username.casefold() in folded or len(set(folded)) < 4:  # noqa: PLR2004
        ru, en = "Слишком простой пароль.", "The password is too easy to guess."
        raise ValidationFailed(field_errors=[FieldError(pointer, "password_weak", ru, en)])
