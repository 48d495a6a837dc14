"""`crmesh demo --year`: play a company's year on a system of its own, tie it, rebuild, audit, and tell it on a page."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
from cli.year.play import FIRST_ZONE, NEXT_ZONE, Year, begun, ended
from cli.year.sales import Scale
from cli.year.table import Tied
from kit.native.process import free_port
from standalone.system import BusKind, System

ZONE = "CRMESH_TIMEZONE"


async def run_year(scale: Scale, bus: BusKind, port: int, page: Path | None, *, as_json: bool) -> bool:
    """The whole year on a temporary data folder; True when everything ties. `page`: where its story is written."""
    folder = make_folder()
    options = options_of(folder, "127.0.0.1", port or free_port(), bus)
    outcome: dict[str, Any] = {}

    async def first_day(system: System, _stop: asyncio.Event) -> int:
        say(err, f"playing a year ({scale.name}) through {system.options.url}")
        async with connected(system.options.url) as api:
            outcome["year"] = await begun(api, scale, _tell)
        return 0

    async def next_day(system: System, _stop: asyncio.Event) -> int:
        async with connected(system.options.url) as api:
            await ended(api, outcome["year"], _tell)
        say(err, "rebuilding every projection and ledger from the log")
        outcome["rebuilt"] = await rebuild_all(system.runtimes)
        say(err, "deriving every decision again")
        outcome["findings"] = await verify_all(system.runtimes)
        return 0

    try:
        with _in_zone(FIRST_ZONE):
            code = await with_system(options, first_day)
        if not code:
            say(err, "stopped, and started again on the other side of the date line, where it is a day later")
            with _in_zone(NEXT_ZONE):
                code = await with_system(options, next_day)
    finally:
        await remove_folder(folder)
    if code:
        raise typer.Exit(code)
    return _present(outcome["year"], outcome["rebuilt"], outcome["findings"], page, as_json=as_json)


@contextmanager
def _in_zone(zone: str) -> Iterator[None]:
    """The company zone of what starts meanwhile."""
    before = os.environ.get(ZONE)
    os.environ[ZONE] = zone
    try:
        yield
    finally:
        os.environ.pop(ZONE)
        if before is not None:
            os.environ[ZONE] = before


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
