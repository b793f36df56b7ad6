"""Engine, transactions and the column kinds that both databases share."""

import asyncio
from collections.abc import AsyncIterator, Mapping
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
    """Raise `RuntimeError` while the current task has a transaction open: no network call is made inside one."""
    if _open_transactions.get():
        raise RuntimeError("a network call inside a database transaction")


def enum_column(
    kind: type[StrEnum], *, nullable: bool = False, index: bool = False, check: str | None = None
) -> sa.Column[Any]:
    """A column of an enum's values (never names), as text with a CHECK, the same on both databases.

    `check` names the CHECK where a table has two columns of the enum.
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
    assert max(map(len, values)) <= 40  # noqa: PLR2004, S101  the length above
    return sa.Column(column_type, nullable=nullable, index=index)


def json_column(*, nullable: bool = False) -> sa.Column[Any]:
    """JSON: `JSONB` on PostgreSQL, text on SQLite."""
    return sa.Column(sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"), nullable=nullable)


def length_check(column: str, longest: int, *, shortest: int = 1) -> sa.CheckConstraint:
    """A CHECK on a text's length: SQLite ignores VARCHAR(n), and a table class validates nothing."""
    return sa.CheckConstraint(f"length({column}) BETWEEN {shortest} AND {longest}", name=f"{column}_length")


class Table(SQLModel):
    """The base of tables. Rows from outside are made by `Row.model_validate(data, update=…)` only."""

    id: UUID = Field(default_factory=new_id, primary_key=True)


class VersionedTable(Table):
    """A row that can change: its version is the ETag, and a lost update is refused by the database itself."""

    version: int = Field(default=1, nullable=False)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version} if hasattr(cls, "__table__") else {}


def build_insert(session: AsyncSession, table: Any) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, which SQLAlchemy has for each database by itself only."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if is_postgres else sqlite.insert(table)


class month_of(sa.sql.functions.FunctionElement[date]):
    """The first day of a day's month."""

    type = sa.Date()
    inherit_cache = True


@compiles(month_of, "postgresql")
def _month_of_postgresql(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(date_trunc('month', {compiler.process(element.clauses, **options)}) AS DATE)"


@compiles(month_of, "sqlite")
def _month_of_sqlite(element: month_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, 'start of month')"


def to_driver_url(address: str) -> URL:
    """The address with the driver this service uses: aiosqlite or psycopg."""
    url = make_url(address)
    kind = url.get_backend_name()
    if kind == "sqlite":
        return url.set(drivername="sqlite+aiosqlite")
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise ValueError("APP_DATABASE_URL takes sqlite:/// and postgresql:// addresses only")


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
        connection.isolation_level = None  # the driver's own BEGIN comes too late for SELECT and DDL
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
        # A reader that turns writer fails at once when another wrote meanwhile; so writers say so at the beginning.
        kind = connection.get_execution_options().get("sqlite_begin", "")
        connection.exec_driver_sql(f"BEGIN {kind}".strip())


class Database:
    """One engine with its sessions. `transaction()` is the only way to a session."""

    def __init__(self, settings: Settings) -> None:
        url = to_driver_url(settings.database_address)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        common: dict[str, Any] = {
            "hide_parameters": True,  # an exception's text goes to the log, a client's data does not
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
        self.sessions = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        self.has_work = asyncio.Event()
        self._subscribers: list[asyncio.Event] = []
        self._writer = asyncio.Lock()
        self._writer_patience = max(settings.database_pool_timeout, BUSY_TIMEOUT_MS / 1000)

    def subscribe(self) -> asyncio.Event:
        """Return an event that every commit with new work sets; the subscriber alone clears it."""
        wake = asyncio.Event()
        self._subscribers.append(wake)
        return wake

    @asynccontextmanager
    async def transaction(self, *, write: bool = True) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises.

        One that writes nothing reads a single snapshot, however many statements make its answer: figures and their
        total, a page and its count.
        Raises `Unavailable` when the one place of SQLite's writer does not become free in time.
        """
        async with self._opened(write=write) as session:
            _open_transactions.set(_open_transactions.get() + 1)
            try:
                yield session
            finally:
                _open_transactions.set(max(0, _open_transactions.get() - 1))

    @asynccontextmanager
    async def _opened(self, *, write: bool) -> AsyncIterator[AsyncSession]:
        if not (self.is_sqlite and write):
            # SQLite's readers have a snapshot anyway; a writer of PostgreSQL sees what others committed meanwhile.
            options = {} if self.is_sqlite or write else {"isolation_level": "REPEATABLE READ"}
            async with self._begun(options) as session:
                yield session
            return
        # SQLite has one writer. Its own waiting is unfair and sleeps in a thread; this queue is fair and costs nothing.
        try:
            await asyncio.wait_for(self._writer.acquire(), self._writer_patience)
        except TimeoutError as late:
            raise Unavailable(1) from late
        try:
            async with self._begun({"sqlite_begin": "IMMEDIATE"}) as session:
                yield session
        finally:
            self._writer.release()

    @asynccontextmanager
    async def _begun(self, options: Mapping[str, str]) -> AsyncIterator[AsyncSession]:
        async with self.sessions() as session:
            async with session.begin():
                if options:
                    await session.connection(execution_options=options)
                yield session
            if session.info.pop("emitted", False):
                for waiting in (self.has_work, *self._subscribers):
                    waiting.set()

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()
