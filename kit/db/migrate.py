"""Migrations of one service: Alembic, run under an advisory lock, skipped quickly when current.

Revisions are files `NNNN_title.py` in `services/<service>/migrations/versions`; the revision id is NNNN.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from kit.db.database import DatabaseSettings
from kit.db.phases import phase_of

LOCK = 0x43524D_02
LOCK_SECONDS = 0.1
LIMITS = {"lock_timeout": "10s", "statement_timeout": "15min"}
"""A migration that waits for a table's lock makes everybody queue behind it: it gives up instead."""
_ALEMBIC = threading.Lock()
"""Alembic's context is global to the process: services that migrate at once in one process take turns."""


def migrations_folder(service: str) -> Path:
    """Folder of a service's Alembic environment."""
    module = importlib.import_module(f"services.{service}")
    assert module.__file__ is not None
    return Path(module.__file__).parent / "migrations"


def head(service: str) -> str:
    """The newest revision: the highest number among the files; empty when there is none."""
    return max((path.name[:4] for path in (migrations_folder(service) / "versions").glob("[0-9]*.py")), default="")


async def current(connection: asyncpg.Connection) -> str | None:
    """The revision a database is at; None before the first migration."""
    if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return None
    value = await connection.fetchval("SELECT version_num FROM alembic_version")
    return None if value is None else str(value)


async def is_current(service: str, settings: DatabaseSettings) -> bool:
    """Whether the database is at the newest revision or a later one."""
    connection = await asyncpg.connect(**settings.connect)
    try:
        at = await current(connection)
        return at is not None and at >= head(service)
    finally:
        await connection.close()


async def upgrade(service: str, settings: DatabaseSettings, revision: str = "head") -> bool:
    """Bring the database to `revision`; returns whether anything was to do. Two at once wait for each other."""
    connection = await asyncpg.connect(**settings.connect)
    try:
        # Asked again and again: an index that is built concurrently waits for whoever waits in a statement.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(LOCK_SECONDS)
        at = await current(connection)
        if revision == "head" and at is not None and at >= head(service):
            return False
        await asyncio.to_thread(run_alembic, service, settings.connect, "upgrade", revision)
        return True
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Revision:
    """A migration: `phase` is `expand` (the release before goes on working on it) or `contract`."""

    revision: str
    title: str
    phase: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


async def pending(service: str, settings: DatabaseSettings) -> tuple[str | None, list[Revision]]:
    """The revision a database is at, and what `upgrade` would apply, in order; changes nothing."""
    connection = await asyncpg.connect(**settings.connect)
    try:
        at = await current(connection)
    finally:
        await connection.close()
    return at, [] if (at or "") >= head(service) else await asyncio.to_thread(revisions_after, service, at)


def revisions_after(service: str, at: str | None) -> list[Revision]:
    """The revisions that follow `at` (None: all), oldest first (blocking: writes their SQL to judge them)."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(alembic_config(service, {}))
    found = []
    for script in reversed([each for each in scripts.walk_revisions() if at is None or each.revision > at]):
        sql = migration_sql(service, f"{script.down_revision or 'base'}:{script.revision}")
        found.append(Revision(script.revision, (script.doc or "").rstrip("."), phase_of(sql)))
    return found


def alembic_config(service: str, connect: dict[str, Any] | Any) -> Any:
    """Alembic's configuration of a service; `connect` are the arguments of asyncpg.connect."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder(service)))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connect"] = dict(connect)
    return config


def run_alembic(service: str, connect: Any, command: str, revision: str) -> None:
    """Run `alembic upgrade|downgrade` (blocking; call it in a thread)."""
    from alembic import command as commands

    with _ALEMBIC:
        getattr(commands, command)(alembic_config(service, connect), revision)


def new_revision(service: str, connect: Any, message: str) -> None:
    """Write the next revision file from the difference between tables and database (blocking)."""
    from alembic import command as commands

    versions = migrations_folder(service) / "versions"
    number = max((int(path.name[:4]) for path in versions.glob("[0-9]*.py")), default=0) + 1
    commands.revision(alembic_config(service, connect), message, autogenerate=True, rev_id=f"{number:04d}")


def run_environment(metadata: Any) -> None:
    """Body of every service's `migrations/env.py`."""
    from alembic import context

    if context.is_offline_mode():
        context.configure(
            dialect_name="postgresql", target_metadata=metadata, literal_binds=True, transaction_per_migration=True
        )
        for name, value in LIMITS.items():
            context.execute(f"SET {name} = '{value}'")
        with context.begin_transaction():
            context.run_migrations()
    else:
        asyncio.run(_migrate_online(context, metadata))


def migration_sql(service: str, revisions: str = "head") -> str:
    """The SQL of a service's migrations, without a database; `revisions` may be a range (`0001:0002`)."""
    from alembic import command as commands

    config = alembic_config(service, {})
    config.output_buffer = io.StringIO()
    with _ALEMBIC:
        commands.upgrade(config, revisions, sql=True)
    return str(config.output_buffer.getvalue())


async def _migrate_online(context: Any, metadata: Any) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    from kit.db.migration_blocks import resume_blocks

    connect = context.config.attributes["connect"]

    async def creator() -> asyncpg.Connection:
        return await asyncpg.connect(**connect, server_settings=LIMITS)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=NullPool)

    def work(connection: Any) -> None:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            compare_server_default=False,
            transaction_per_migration=True,
        )
        resume_blocks(context.get_context())
        with context.begin_transaction():
            context.run_migrations()

    async with engine.connect() as connection:
        await connection.run_sync(work)
        await connection.commit()
    await engine.dispose()
