"""Commands that look after a system: audit, rebuild, parked events, migrations, contracts."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from cli.connect import NotRunning, audit_all, overrides, projections, rebuild_all, runtimes
from cli.console import err, out, print_findings, print_verdicts
from kit.db.database import DatabaseSettings
from kit.db.migrate import new_revision, upgrade
from kit.errors import AppError
from kit.events import parked
from kit.events.bus import BusUnavailable
from standalone.registry import SERVICES, room

Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder of a running `crmesh run`; else the environment speaks.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]

UNREACHABLE = (OSError, BusUnavailable, asyncpg.PostgresConnectionError, asyncpg.InvalidCatalogNameError)

parked_app = typer.Typer(no_args_is_help=True, help="Events that could not be handled.")


def _execute(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except NotRunning as error:
        err.print(f"[bold red]{error}[/]")
        raise typer.Exit(3) from None
    except AppError as error:
        err.print(f"[bold red]{error.title}[/]: {error.detail}")
        raise typer.Exit(1) from None
    except UNREACHABLE as error:
        err.print(f"[bold red]database or log cannot be reached[/]: {error}")
        err.print("name the data folder of a running system with --data, or set CRMESH_POSTGRES and CRMESH_KAFKA")
        raise typer.Exit(3) from None


def _show(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def audit(data: Data = None, as_json: Json = False) -> None:
    """Derive every decision again from its stored inputs; exactly one per order of the other log."""

    async def work() -> list[dict[str, Any]]:
        async with runtimes(data) as made:
            return await audit_all(made)

    findings = _execute(work())
    _show(findings) if as_json else print_findings(findings)
    raise typer.Exit(0 if all(finding["ok"] for finding in findings) else 1)


def rebuild(
    what: Annotated[str, typer.Argument(help="SERVICE, SERVICE/PROJECTION or all.")] = "all",
    data: Data = None,
    swap: Annotated[bool, typer.Option(help="Put the rebuilt rows in place (refused when they differ).")] = False,
    force: Annotated[bool, typer.Option(help="With --swap: also when they differ, to mend the live ones.")] = False,
    as_json: Json = False,
) -> None:
    """Derive projections and ledgers again from the log and compare them with the live ones."""
    only = None if what == "all" else what
    if only is not None and not any(only in (service, f"{service}/{name}") for service, name in projections()):
        err.print(f"unknown: {what}; known: " + ", ".join(f"{s}/{p}" for s, p in projections()))
        raise typer.Exit(2)

    async def work() -> list[dict[str, Any]]:
        async with runtimes(data) as made:
            return await rebuild_all(made, only=only, swap=swap, force=force)

    reports = _execute(work())
    _show(reports) if as_json else print_verdicts(reports)
    raise typer.Exit(0 if all(report["equal"] or report["swapped"] for report in reports) else 1)


def migrate(data: Data = None) -> None:
    """Bring every service's database to the newest revision."""

    async def work() -> None:
        for service in SERVICES:
            settings = room(service, "settings").Settings(**overrides(data))
            done = await upgrade(service, DatabaseSettings(connect=settings.database_connect(), name=service))
            out.print(f"{service}: {'migrated' if done else 'current'}")

    _execute(work())


def revision(service: str, message: str, data: Data = None) -> None:
    """Write the next migration of a service from the difference between its tables and its database."""
    settings = room(service, "settings").Settings(**overrides(data))
    new_revision(service, settings.database_connect(), message)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (audit, rebuild, migrate, revision):
        app.command()(command)


@parked_app.command("list")
def list_parked(service: str, data: Data = None, as_json: Json = False) -> None:
    """Parked events of a service, oldest first."""

    async def work() -> list[dict[str, Any]]:
        async with runtimes(data) as made, made[service].db.reading() as tx:
            return await parked.list_parked(tx, room(service, "subscriptions").subscriptions.group)

    rows = _execute(work())
    if as_json:
        _show(rows)
        return
    for row in rows:
        out.print(f"{row['id']:>8} {row['type']:40} key {row['key']} {row['error'][:80]}")
    out.print(f"{len(rows)} parked events")


@parked_app.command("retry")
def retry_parked(service: str, key: str, data: Data = None) -> None:
    """Handle the parked events of a key again, in order."""

    async def work() -> int:
        async with runtimes(data) as made:
            return await parked.retry_key(made[service].db, room(service, "subscriptions").subscriptions, key)

    out.print(f"{_execute(work())} events handled")


@parked_app.command("discard")
def discard_parked(service: str, parked_id: int, data: Data = None) -> None:
    """Give up one parked event for good."""

    async def work() -> str:
        async with runtimes(data) as made, made[service].db.transaction() as tx:
            return await parked.discard(tx, room(service, "subscriptions").subscriptions.group, parked_id)

    out.print(f"discarded; its key is {_execute(work())}")
