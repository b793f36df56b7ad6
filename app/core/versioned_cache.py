"""A cache of a value that is computed from the database and rebuilt when its version there has changed."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlmodel.ext.asyncio.session import AsyncSession

T = TypeVar("T")


class _Entry(Generic[T]):
    """The cached value of one database with its version; empty before the first load."""

    def __init__(self) -> None:
        self.cached: tuple[Hashable, T] | None = None
        self.loading = asyncio.Lock()

    def find(self, version: Hashable) -> tuple[Hashable, T] | None:
        """Return the version and the value if this is its version."""
        return self.cached if self.cached is not None and self.cached[0] == version else None


class VersionedCache(Generic[T]):
    """One value per database, shared by all sessions of the process.

    Every call reads the version in the transaction of the caller, so a change is visible as soon as that transaction
    sees it, whichever process committed it. No polling, clock or message between processes is needed.

    Every change must give a version that was never used before, also after a rollback: a value that was loaded from
    changes that were rolled back must not be found by its version again.
    """

    def __init__(
        self,
        read_version: Callable[[AsyncSession], Awaitable[Hashable]],
        load: Callable[[AsyncSession], Awaitable[T]],
    ) -> None:
        """Take a cheap query of the version and the costly loading of the value, which must not keep the session."""
        self._read_version, self._load = read_version, load
        self._entries: WeakKeyDictionary[Any, _Entry[T]] = WeakKeyDictionary()  # released together with the engine

    async def get(self, session: AsyncSession) -> T:
        """Return the value, loaded again if its version has changed.

        Concurrent callers wait for one load. If it raises, the previous value stays and the next caller loads again.
        """
        entry = self._entries.setdefault(session.get_bind(), _Entry())
        version = await self._read_version(session)
        cached = entry.find(version)
        if cached is None:
            async with entry.loading:
                cached = entry.find(version)
                if cached is None:
                    # The version is read before the value: a change in between makes the value newer, never older.
                    cached = entry.cached = (version, await self._load(session))
        return cached[1]
