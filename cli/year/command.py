"""`crmesh demo --year`: play a company's year on a system of its own, tie it, rebuild, audit, and tell it on a page."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import typer
from rich.table import Table as RichTable

from cli.console import err, money, out, print_findings, print_verdicts, say
from cli.demo import make_folder, remove_folder
from cli.derived import rebuild_all, verify_all
from cli.load.client import connected
from cli.serve import options_of, with_system
from cli.year.book import Act
from cli.year.page import page_of
from cli.year.play import Year, played
from cli.year.sales import Scale
from cli.year.table import Tied
from kit.native.process import free_port
from standalone.system import BusKind, System


async def run_year(scale: Scale, bus: BusKind, port: int, page: Path | None, *, as_json: bool) -> bool:
    """The whole year on a temporary data folder; True when everything ties. `page`: where its story is written."""
    folder = make_folder()
    outcome: dict[str, Any] = {}

    async def work(system: System, _stop: asyncio.Event) -> int:
        say(err, f"playing a year ({scale.name}) through {system.options.url}")
        async with connected(system.options.url) as api:
            year = await played(api, scale, _tell)
        say(err, "rebuilding every projection and ledger from the log")
        rebuilt = await rebuild_all(system.runtimes)
        say(err, "deriving every decision again")
        outcome.update(year=year, rebuilt=rebuilt, findings=await verify_all(system.runtimes))
        return 0

    try:
        code = await with_system(options_of(folder, "127.0.0.1", port or free_port(), bus), work)
    finally:
        await remove_folder(folder)
    if code:
        raise typer.Exit(code)
    return _present(outcome["year"], outcome["rebuilt"], outcome["findings"], page, as_json=as_json)


def _tell(act: Act) -> None:
    """Said while it happens, apart from the answer."""
    say(err, act.name, "bold")
    for sentence in act.told:
        say(err, f"  {sentence}")


def _present(
    year: Year, rebuilt: list[dict[str, Any]], findings: list[dict[str, Any]], page: Path | None, *, as_json: bool
) -> bool:
    agrees = year.holds and all(item["equal"] for item in rebuilt) and all(finding["ok"] for finding in findings)
    if page is not None:
        page.write_text(page_of(year), encoding="utf-8")
    if as_json:
        body = {"agrees": agrees, "year": year.as_dict(), "rebuilt": rebuilt, "audit": findings}
        sys.stdout.write(json.dumps(body, indent=2, default=str) + "\n")
        return agrees
    if year.table is not None:
        print_tied(year.table)
    print_verdicts(rebuilt)
    print_findings(findings)
    for name, milliseconds in year.worst.items():
        say(out, f"  {milliseconds:8.0f} ms at worst: {name}")
    for law in year.broken_laws():
        say(out, f"does not hold: {law}", "bold red")
    if year.broken:
        say(out, f"The year could not go on: {year.broken}", "bold red")
    out.print("[bold green]everything ties[/]" if agrees else "[bold red]something differs[/]")
    return agrees


def print_tied(table: Tied) -> None:
    """The table for people."""
    view = RichTable(title="Who says what of the same money")
    for heading, is_figure in (("", False), ("one says", False), ("", True), ("another says", False), ("", True)):
        view.add_column(heading, justify="right" if is_figure else "left", no_wrap=is_figure)
    view.add_column("", no_wrap=True)
    for row in table.rows:
        verdict = "[green]ties[/]" if row.ties else "[bold red]differs[/]"
        view.add_row(row.name, row.left, money(row.says), row.right, money(row.also), verdict)
    out.print(view)
