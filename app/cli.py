"""The command line: `python -m app.cli --help`."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import uvicorn
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from app import demo, docs
from app import seed as seeds
from app.attachments.file_store import FileStore
from app.attachments.service import load_content_keys
from app.core import clock
from app.core.db import Database
from app.core.settings import Profile, Settings
from app.identity.service import employees
from app.main import create_app
from app.server import logging
from app.surveys import counter_repair
from app.surveys.rules.counts import Span
from app.worker import HANDLED_EVENTS, run_worker

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]


def read_settings() -> Settings:
    """Return the settings from the environment, or print the missing and weak ones without values and exit with 2."""
    try:
        return Settings()
    except ValidationError as invalid:
        for error in invalid.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in error["loc"]).upper()
            typer.echo(f"Refusing to start: {f'APP_{name}: ' if name else ''}{error['msg']}", err=True)
        raise typer.Exit(2) from None


def migrate(settings: Settings, revision: str = "head") -> None:
    """Migrate the database to a revision, by default the newest."""
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    try:
        command.upgrade(_build_alembic_config(settings), revision)
    except CommandError as error:
        typer.echo(f"Refusing to migrate: {error}", err=True)
        raise typer.Exit(2) from None


def _build_alembic_config(settings: Settings) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["url"] = settings.database_address
    return config


def seed(settings: Settings) -> None:
    """Load the reference data and, in the demo profile, the demo data; loading twice changes nothing."""
    _run_in_transaction(settings, lambda session: seeds.load(session, is_demo=settings.is_demo))


def _run_in_transaction(settings: Settings, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        database = Database(settings, HANDLED_EVENTS)
        try:
            async with database.transaction() as session:
                return await work(session)
        finally:
            await database.close()

    return asyncio.run(run())


@cli.command("migrate")
def migrate_command() -> None:
    """Migrate the database to the newest revision."""
    migrate(read_settings())


@cli.command("draft-migration")
def draft_migration_command(what: str) -> None:
    """Generate the next numbered migration from the models, for review and correction by hand."""
    settings = Settings(profile=Profile.DEMO)
    migrate(settings)
    config = _build_alembic_config(settings)
    number = int(ScriptDirectory.from_config(config).get_current_head() or 0) + 1
    command.revision(config, what, autogenerate=True, rev_id=f"{number:04d}")


@cli.command("seed")
def seed_command() -> None:
    """Load the reference data and, in the demo profile, the demo data."""
    seed(read_settings())


@cli.command("create-admin")
def create_admin_command(
    username: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    name: str = "Администратор",
) -> None:
    """Create the first administrator."""
    settings = read_settings()
    _run_in_transaction(settings, lambda session: employees.create_admin(session, username, password, name=name))
    typer.echo(f"Administrator {username} created.")


@cli.command("export-openapi")
def export_openapi_command(path: Path = ROOT / "openapi" / "openapi.json") -> None:
    """Write the OpenAPI document to a file."""
    settings = Settings(profile=Profile.DEMO, embedded_worker=False)
    document = create_app(settings).openapi()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _serve(settings: Settings, host: str, port: int) -> None:
    proxies = settings.list_of(settings.trusted_proxies)
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Without a list of proxies X-Forwarded-For is ignored, even from the loopback address.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=65_536,
    )


@cli.command("export-docs")
def export_docs_command(folder: Path = ROOT / "docs") -> None:
    """Write the documentation pages that are generated from the code."""
    (folder / "settings.md").write_text(docs.build_settings_page(Settings), encoding="utf-8")
    (folder / "problems.md").write_text(docs.build_problems_page(), encoding="utf-8")


@cli.command("clear-files")
def clear_files_command() -> None:
    """Delete files older than a day that no message refers to, and print their number."""
    settings = read_settings()
    known = _run_in_transaction(settings, load_content_keys)
    store = FileStore(settings.var_dir / "files")
    deleted = store.clear(known, clock.now().timestamp(), timedelta(days=1))
    sys.stdout.write(f"{deleted}\n")


@cli.command("recount")
def recount_command(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit with 1 if counters differ.")] = False,
) -> None:
    """Compare the answer counters with a recount of the submissions, month by month, and correct the differences."""
    settings = read_settings()

    async def recount_span(session: AsyncSession, month: date, span: Span) -> int:
        return (
            len(await counter_repair.find_drift(session, month, span))
            if check
            else await counter_repair.repair(session, month, span)
        )

    wrong = 0
    for month in _run_in_transaction(settings, counter_repair.load_months):
        for span in Span:
            differing = _run_in_transaction(settings, partial(recount_span, month=month, span=span))
            if differing:
                wrong += differing
                typer.echo(f"{month:%Y-%m}, {span}: {differing} counters differ from the submissions", err=True)
    sys.stdout.write(f"{wrong} counters differed{'' if check or not wrong else ', now corrected'}\n")
    if wrong and check:
        raise typer.Exit(1)


@cli.command("serve")
def serve_command(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the API. Migrations and seed are separate commands."""
    _serve(read_settings(), host, port)


@cli.command("worker")
def worker_command() -> None:
    """Relay the outbox in a separate process; the servers then run with APP_EMBEDDED_WORKER=false."""
    settings = read_settings()
    logging.configure(settings.log_level)

    async def work() -> None:
        database, stop = Database(settings, HANDLED_EVENTS), asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        try:
            await run_worker(database, settings, stop)
        finally:
            await database.close()

    asyncio.run(work())


@cli.command("run")
def run_command(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run the demo profile: migrate, seed, create the demo accounts, and serve the API with an embedded worker."""
    os.environ["APP_PROFILE"] = Profile.DEMO.value
    settings = demo.add_secrets(read_settings())
    migrate(settings)
    seed(settings)
    base_url = f"http://{host}:{port}"
    saved = demo.read_accounts(settings.accounts_file)
    accounts = _run_in_transaction(settings, lambda session: demo.create_accounts(session, saved))
    demo.write_accounts(settings.accounts_file, accounts, base_url)
    if saved is None:
        demo.print_accounts(accounts, base_url, sys.stdout)
    sys.stdout.write(f"Swagger UI: {base_url}/docs · accounts: {settings.accounts_file}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        _serve(settings, host, port)


if __name__ == "__main__":
    cli()
