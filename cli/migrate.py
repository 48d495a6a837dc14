"""`crmesh migrate`: the schema of every service, as a step of its own."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from cli.command import EXIT_FOUND, Data, Json, OneService, Service, execute, show, usage
from cli.connect import overrides
from cli.console import out, say
from kit.db.database import DatabaseSettings
from kit.db.migrate import Revision, new_revision, pending, upgrade
from standalone.registry import SERVICES, room

Plan = Annotated[
    bool, typer.Option("--plan", "--status", help="Change nothing: say what is pending, expand or contract. 1 if any.")
]


def migrate(service: OneService = None, data: Data = None, plan: Plan = False, as_json: Json = False) -> None:
    """Bring the database of one service or of all to the newest revision.

    Needs the database alone (CRMESH_POSTGRES, CRMESH_DATABASE). Several at once take turns under a lock; the
    later ones find nothing left to do. A database that a newer release has migrated is left as it is.
    """
    names = [service] if service else list(SERVICES)

    async def work() -> list[dict[str, Any]]:
        return [await (_plan_one if plan else _migrate_one)(name, _database(name, data)) for name in names]

    done = execute(work())
    show(done) if as_json else _print(done)
    raise typer.Exit(EXIT_FOUND if plan and any(row["pending"] for row in done) else 0)


def _database(service: str, data: Any) -> DatabaseSettings:
    settings = room(service, "settings").Settings(**overrides(data))
    return DatabaseSettings(connect=settings.database_connect(), name=service)


async def _plan_one(service: str, database: DatabaseSettings) -> dict[str, Any]:
    at, waiting = await pending(service, database)
    return _row(service, at, waiting)


async def _migrate_one(service: str, database: DatabaseSettings) -> dict[str, Any]:
    migrated = await upgrade(service, database)
    at, waiting = await pending(service, database)
    return {**_row(service, at, waiting), "migrated": migrated}


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
    """Write the next migration of a service from the difference between its tables and its database."""
    if not message.strip():
        raise usage("a revision needs a title")
    new_revision(service, dict(_database(service, data).connect), message)
    say(out, f"written to services/{service}/migrations/versions: read it, and expand before you contract")
