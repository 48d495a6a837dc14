"""`crmesh migrate`: the schema of every service, as a step of its own."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlsplit

import asyncpg
import typer
from rich.table import Table
from sqlalchemy.exc import DBAPIError

from cli.command import EXIT_FOUND, Data, Json, OneService, Refused, Service, execute, show, usage
from cli.connect import reachable, settings_of
from cli.console import out, say
from kit.db.database import DatabaseSettings
from kit.db.migrate import Revision, new_revision, pending, upgrade
from kit.doctor.database import OLDEST_POSTGRES, judge_version
from standalone.registry import SERVICES, room

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY($1::text[]) LIMIT 1"

Plan = Annotated[
    bool, typer.Option("--plan", "--status", help="Change nothing: say what is pending, expand or contract. 1 if any.")
]


def migrate(service: OneService = None, data: Data = None, plan: Plan = False, as_json: Json = False) -> None:
    """Bring the database of one service or of all to the newest revision.

    Needs the database alone (CRMESH_POSTGRES, CRMESH_DATABASE). Several at once take turns under a lock; the
    later ones find nothing left to do. A database that a newer release has migrated is left as it is.
    """
    names = [service] if service else list(reachable(data))

    async def work() -> list[dict[str, Any]]:
        return [await (_plan_one if plan else _migrate_one)(name, _database(name, data)) for name in names]

    done = execute(work())
    show(done) if as_json else _print(done)
    raise typer.Exit(EXIT_FOUND if plan and any(row["pending"] for row in done) else 0)


def _database(service: str, data: Any) -> DatabaseSettings:
    return DatabaseSettings(connect=settings_of(service, data).database_connect(), name=service)


async def _plan_one(service: str, database: DatabaseSettings) -> dict[str, Any]:
    at, waiting = await pending(service, database)
    return _row(service, at, waiting)


async def _migrate_one(service: str, database: DatabaseSettings) -> dict[str, Any]:
    await _require_own(service, database)
    try:
        migrated = await upgrade(service, database)
    except DBAPIError as error:
        if "permission denied" not in str(error.orig):
            raise
        raise Refused(
            f"the role of {service} may not make tables in {_name(database)}: make it the owner of that database"
        ) from None
    at, waiting = await pending(service, database)
    return {**_row(service, at, waiting), "migrated": migrated}


async def _require_own(service: str, database: DatabaseSettings) -> None:
    """Raises Refused for a database that holds another service's tables (CRMESH_DATABASE, a wrong address), and for a
    server that is too old."""
    own = set(room(service, "tables").METADATA.tables)
    others = {table: name for name in SERVICES for table in room(name, "tables").METADATA.tables if table not in own}
    connection = await asyncpg.connect(**database.connect)
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
        found = await connection.fetchval(_TABLES, list(others))
    finally:
        await connection.close()
    if judge_version(number) == "fail":
        raise Refused(f"this is PostgreSQL {number // 10_000}: version {OLDEST_POSTGRES} or later is needed")
    if found is not None:
        raise Refused(f"{_name(database)} is the database of {others[found]}, not {service}")


def _name(database: DatabaseSettings) -> str:
    return str(urlsplit(database.connect["dsn"]).path).removeprefix("/")


def _row(service: str, at: str | None, waiting: list[Revision]) -> dict[str, Any]:
    return {"service": service, "at": at, "pending": [revision.as_dict() for revision in waiting]}


def _print(rows: list[dict[str, Any]]) -> None:
    view = Table("service", "at", "state", "phase", "what")
    for row in rows:
        state = "migrated" if row.get("migrated") else "current"
        if not row["pending"]:
            view.add_row(row["service"], row["at"] or "empty", f"[green]{state}[/]", "", "")
        for revision in row["pending"]:
            what = f"{revision['revision']} {revision['title']}"
            view.add_row(row["service"], row["at"] or "empty", "[yellow]pending[/]", revision["phase"], what)
    out.print(view)


def revision(service: Service, message: str, data: Data = None) -> None:
    """Write the next migration of a service from the difference between its tables and its database.

    The database is at the newest revision; where there is none, `make infra-up` starts a server and says its address.
    """
    if not message.strip():
        raise usage("a revision needs a title")

    async def work() -> None:
        from alembic.util import CommandError

        try:
            await asyncio.to_thread(new_revision, service, dict(_database(service, data).connect), message)
        except CommandError as error:
            raise Refused(f"{error} `crmesh migrate {service}` does that.") from None

    execute(work())
    say(out, f"written to services/{service}/migrations/versions: read it, and expand before you contract")
