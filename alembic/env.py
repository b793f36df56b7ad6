"""Runs migrations on either database, one instance at a time."""

import importlib
import pkgutil

import sqlalchemy as sa
from alembic import context
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlmodel import SQLModel

import app
from app.core.db import to_driver_url
from app.core.settings import Settings

LOCK = 20_240_215  # any number that nobody else locks


def import_tables() -> None:
    """Import every module that holds tables, so that the metadata knows them."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.startswith("app.core.") or ".models" in module.name:
            importlib.import_module(module.name)


def address() -> str:
    """The plain database address: given by the caller, else from the environment."""
    given = context.config.attributes.get("url")
    return str(given) if given else Settings().database_address


def require_known_revision(connection: sa.Connection) -> None:
    """Raise `CommandError` if the database was made by a version whose migrations no longer exist."""
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in context.script.walk_revisions()}
    if revision is not None and revision not in known:
        raise CommandError(
            f"The database is at revision {revision}, which this version does not know. Databases of versions before "
            "the first release are not migrated: set APP_DATABASE_URL to an empty database, or export the data with "
            "the version that made it. A newer database needs the version that made it."
        )


def run(connection: sa.Connection) -> None:
    """Run the migrations in the transaction at work."""
    require_known_revision(connection)
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    context.run_migrations()


def migrate_sqlite(engine: sa.Engine) -> None:
    """An exclusive transaction of our own: a second instance waits for it, then finds nothing to do."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101
        driver.isolation_level = None
        connection.exec_driver_sql("PRAGMA busy_timeout=60000")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # batch migrations copy tables
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        try:
            run(connection)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"foreign keys are broken in {sorted({row[0] for row in broken})}")
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise


def migrate_postgres(engine: sa.Engine) -> None:
    """One transaction under an advisory lock: a second instance waits for it, then finds nothing to do."""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")  # rather fail than stop the service
        run(connection)


import_tables()
url = to_driver_url(address())
if url.get_backend_name() == "sqlite":
    migrate_sqlite(sa.create_engine(url.set(drivername="sqlite"), poolclass=sa.NullPool))
else:
    migrate_postgres(sa.create_engine(url, poolclass=sa.NullPool))
