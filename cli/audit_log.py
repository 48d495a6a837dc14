"""`crmesh audit-log`: whether the chained audit log of every service is as it was sealed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.command import EXIT_FOUND, Data, Json, execute, show, usage
from cli.connect import runtimes
from cli.console import out
from kit.security.audit_chain import verify
from standalone.registry import SERVICES

app = typer.Typer(no_args_is_help=True, help="Who did what: the audit log, chained and sealed.")


@app.callback()
def _group() -> None:
    """Keeps `verify` a command of its own."""


@app.command("verify")
def verify_log(
    service: Annotated[str, typer.Argument(help="SERVICE or all.")] = "all",
    data: Data = None,
    expect: Annotated[
        str | None, typer.Option(help="Hash noted before (`head` of an earlier run); needs one SERVICE.")
    ] = None,
    since: Annotated[
        int | None, typer.Option("--from", help="Begin at this row, behind a break that is known; needs one SERVICE.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Walk the chain of every service; exits 1 at the first row that was changed, deleted, inserted or moved."""
    if service not in (*SERVICES, "all") or ((expect, since) != (None, None) and service == "all"):
        raise usage("name one of: all, " + ", ".join(SERVICES) + "; --expect and --from need one of them")
    found = execute(_verify_all(data, [] if service == "all" else [service], expect, since))
    if as_json:
        show(found)
    else:
        for row in found:
            broken = row["broken"]
            verdict = f"[bold red]row {broken['id']}: {broken['reason']}[/]" if broken else "[green]unbroken[/]"
            out.print(f"{row['service']:10} {row['sealed']:>9} sealed {row['unsealed']:>7} waiting  {verdict}")
            out.print(f"{'':10} head {row['head']}", soft_wrap=True)
    raise typer.Exit(EXIT_FOUND if any(row["broken"] for row in found) else 0)


async def _verify_all(
    data: Path | None, services: list[str], expect: str | None, since: int | None
) -> list[dict[str, Any]]:
    found = []
    async with runtimes(data, services, needs_log=False) as made:
        for name, runtime in made.items():
            async with runtime.db.snapshot() as tx:
                report = await verify(tx, runtime.secret, expect, since=since)
            found.append({"service": name, **asdict(report)})
    return found
