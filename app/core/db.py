"""The engine, transactions and column types shared by both databases."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import declared_attr
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.ids import new_id
from app.core.problems import Unavailable
from app.core.settings import Settings

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BUSY_TIMEOUT_MS = 5000

_open_transactions: ContextVar[int] = ContextVar("open_transactions", default=0)


def require_no_transaction() -> None:
    """Raise `RuntimeError` if the current task has an open transaction: network calls are forbidden inside one."""
    if _open_transactions.get():
        raise RuntimeError("a network call inside a database transaction")


def enum_column(
    kind: type[StrEnum], *, nullable: bool = False, index: bool = False, check: str | None = None
) -> sa.Column[Any]:
    """Return a text column of an enum's values (not names) with a CHECK, the same on both databases.

    `check` names the CHECK if a table has two columns of the same enum.
    """
    values = [member.value for member in kind]
    column_type = sa.Enum(
        kind,
        native_enum=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
        create_constraint=True,
        name=check or f"{kind.__name__.lower()}_known",
    )
    assert max(map(len, values)) <= 40  # noqa: PLR2004, S101  the column length above
    return sa.Column(column_type, nullable=nullable, index=index)


def json_column(*, nullable: bool = False) -> sa.Column[Any]:
    """Return a JSON column: `JSONB` on PostgreSQL, text on SQLite."""
    return sa.Column(sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"), nullable=nullable)


def length_check(column: str, longest: int, *, shortest: int = 1) -> sa.CheckConstraint:
    """Return a CHECK on the length of a text column: SQLite ignores VARCHAR(n), and table classes do not validate."""
    return sa.CheckConstraint(f"length({column}) BETWEEN {shortest} AND {longest}", name=f"{column}_length")


class Table(SQLModel):
    """The base class of tables. Rows from external data are built only with `model_validate(data, update=…)`."""

    id: UUID = Field(default_factory=new_id, primary_key=True)


class VersionedTable(Table):
    """A row that can change. Its version is the ETag; the database rejects lost updates."""

    version: int = Field(default=1, nullable=False)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version} if hasattr(cls, "__table__") else {}


def build_insert(session: AsyncSession, table: Any) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that supports ON CONFLICT; SQLAlchemy provides it per dialect only."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if is_postgres else sqlite.insert(table)


class month_of(sa.sql.functions.FunctionElement[date]):
    """SQL function: the first day of the month of a date."""

    type = sa.Date()
    inherit_cache = True


@compiles(month_of, "postgresql")
def _month_of_postgresql(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(date_trunc('month', {compiler.process(element.clauses, **options)}) AS DATE)"


@compiles(month_of, "sqlite")
def _month_of_sqlite(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, 'start of month')"


def to_driver_url(address: str) -> URL:
    """Return the URL with the driver that this service uses: aiosqlite or psycopg."""
    url = make_url(address)
    kind = url.get_backend_name()
    if kind == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise ValueError("APP_DATABASE_URL accepts sqlite:/// and postgresql:// addresses only")


def _postgres_options(settings: Settings) -> dict[str, Any]:
    statement = int(settings.database_statement_seconds * 1000)
    lock = int(settings.database_lock_seconds * 1000)
    return {
        "connect_timeout": 2,
        "application_name": "client-interaction",
        "options": f"-c statement_timeout={statement} -c lock_timeout={lock} -c timezone=UTC"
        " -c idle_in_transaction_session_timeout=30000",
    }


def _configure_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver issues BEGIN too late for SELECT and DDL
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        # A read transaction that starts to write fails if another one wrote meanwhile, so writers use BEGIN IMMEDIATE.
        kind = connection.get_execution_options().get("sqlite_begin", "")
        connection.exec_driver_sql(f"BEGIN {kind}".strip())


class Database:
    """One engine and its sessions. `transaction()` is the only way to get a session."""

    def __init__(self, settings: Settings, handled_events: Collection[str] | None = None) -> None:
        """Open an engine. Only events of the types in `handled_events` are written to the outbox (None: all)."""
        url = to_driver_url(settings.database_address)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        common: dict[str, Any] = {
            "hide_parameters": True,  # exception texts are logged; clients' data must not be
            "pool_size": settings.database_pool_size,
            "max_overflow": 0,
            "pool_timeout": settings.database_pool_timeout,
        }
        if self.is_sqlite:
            self.engine = create_async_engine(url, **common)
            _configure_sqlite(self.engine)
        else:
            self.engine = create_async_engine(
                url, pool_pre_ping=True, pool_recycle=1800, connect_args=_postgres_options(settings), **common
            )
        self.sessions = async_sessionmaker(
            self.engine, class_=AsyncSession, expire_on_commit=False, info={"handled_events": handled_events}
        )
        self.has_work = asyncio.Event()
        self._subscribers: list[asyncio.Event] = []
        self._writer = asyncio.Lock()
        self._writer_timeout = max(settings.database_pool_timeout, BUSY_TIMEOUT_MS / 1000)

    def subscribe(self) -> asyncio.Event:
        """Return an event that is set by every commit with new work; only the subscriber clears it."""
        wake = asyncio.Event()
        self._subscribers.append(wake)
        return wake

    @asynccontextmanager
    async def transaction(self, *, write: bool = True) -> AsyncIterator[AsyncSession]:
        """Open a transaction: it is committed when the block ends and rolled back when the block raises.

        A read-only transaction reads a single snapshot, so that figures match their total and a page its count.
        Raises `Unavailable` if SQLite's write lock is not free in time.
        """
        async with self._open_session(write=write) as session:
            _open_transactions.set(_open_transactions.get() + 1)
            try:
                yield session
            finally:
                _open_transactions.set(max(0, _open_transactions.get() - 1))

    @asynccontextmanager
    async def _open_session(self, *, write: bool) -> AsyncIterator[AsyncSession]:
        if not (self.is_sqlite and write):
            # SQLite readers always have a snapshot; PostgreSQL writers must see what others commit meanwhile.
            options = {} if self.is_sqlite or write else {"isolation_level": "REPEATABLE READ"}
            async with self._begin_session(options) as session:
                yield session
            return
        # SQLite has one writer. Its own busy wait is unfair and blocks a thread; this queue is fair and cheap.
        try:
            await asyncio.wait_for(self._writer.acquire(), self._writer_timeout)
        except TimeoutError as error:
            raise Unavailable(1) from error
        try:
            async with self._begin_session({"sqlite_begin": "IMMEDIATE"}) as session:
                yield session
        finally:
            self._writer.release()

    @asynccontextmanager
    async def _begin_session(self, options: Mapping[str, str]) -> AsyncIterator[AsyncSession]:
        async with self.sessions() as session:
            async with session.begin():
                if options:
                    await session.connection(execution_options=options)
                yield session
            if session.info.pop("emitted", False):
                for wake in (self.has_work, *self._subscribers):
                    wake.set()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
