"""`crmesh parked`: events that could not be handled, and those that wait behind them."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from cli.command import Data, Json, Service, execute, show, usage
from cli.connect import runtimes
from cli.console import out, say
from kit.errors import AppError
from kit.events import parked
from standalone.registry import room

app = typer.Typer(no_args_is_help=True, help="Events that could not be handled.")

ParkedId = Annotated[int, typer.Argument(metavar="ID", help="From `parked list`.", min=1)]


def _subscriptions(service: str) -> Any:
    return room(service, "subscriptions").subscriptions


@app.command("list")
def list_parked(service: Service, data: Data = None, as_json: Json = False) -> None:
    """Parked events of a service, oldest first, at most 1,000."""

    async def work() -> list[dict[str, Any]]:
        async with runtimes(data, [service], needs_log=False) as made, made[service].db.reading() as tx:
            return await parked.list_parked(tx)

    rows = execute(work())
    if as_json:
        show(rows)
        return
    if rows:
        view = Table("id", "lane", "type", Column("key", overflow="fold", min_width=36), "since", "attempts", "error")
        for row in rows:
            since, error = f"{row['parked_at']:%Y-%m-%d %H:%M:%S}", row["error"].partition("\n")[0][:80]
            view.add_row(str(row["id"]), row["lane"], row["type"], row["key"], since, str(row["attempts"]), error)
        out.print(view)
    say(out, f"{len(rows)} parked events")


@app.command("show")
def show_parked(service: Service, parked_id: ParkedId, data: Data = None, as_json: Json = False) -> None:
    """One parked event with its error and what waits behind it."""

    async def work() -> dict[str, Any]:
        async with runtimes(data, [service], needs_log=False) as made, made[service].db.reading() as tx:
            return await parked.require_parked(tx, parked_id)

    found = execute(work())
    if as_json:
        show(found)
        return
    for name in ("lane", "type", "key", "event_id", "error", "attempts", "parked_at"):
        say(out, f"{name:10} {found[name]}")
    say(out, f"{'place':10} {found['topic']}, partition {found['partition']}, offset {found['log_offset']}")
    for name, value in found["headers"]:
        say(out, f"{'header':10} {name}: {value}")
    say(out, f"{'data':10} {found['value']}")
    behind = found["behind"]
    say(out, f"{len(behind)} wait behind it" + "".join(f"\n  {row['id']:>8} {row['type']}" for row in behind))


@app.command("retry")
def retry_parked(service: Service, key: str, data: Data = None) -> None:
    """Handle the parked events of a key again, in order, up to the first that fails again."""

    async def work() -> int:
        async with runtimes(data, [service], needs_log=False) as made:
            try:
                return await parked.retry_key(made[service].db, _subscriptions(service), made[service].settings, key)
            except AppError:
                raise
            except Exception as error:
                first = str(error).partition("\n")[0][:200]
                raise parked.StillFailing(
                    f"{type(error).__name__}: {first}; `crmesh parked show {service}` tells all of it"
                ) from error

    say(out, f"{execute(work())} events handled")


@app.command("discard")
def discard_parked(
    service: Service,
    parked_id: ParkedId,
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give up one parked event for good: its effect is missing here, in every rebuild too. Then retry its key."""
    if not yes:
        if not sys.stdin.isatty():
            raise usage("nobody can be asked here, and it is for good: look at it with `parked show`, then give --yes")
        typer.confirm(f"Give up event {parked_id} of {service} for good?", abort=True)

    async def work() -> str:
        async with runtimes(data, [service], needs_log=False) as made, made[service].db.transaction() as tx:
            return await parked.discard(tx, parked_id)

    key = execute(work())
    say(out, f"discarded; go on with: crmesh parked retry {service} {key}")
