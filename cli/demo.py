"""`crmesh demo`: load, table, showcase, rebuild and compare, audit, story, stop."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from cli.console import err, out, print_findings, print_table, print_verdicts, say
from cli.derived import rebuild_all, verify_all
from cli.load import cdnow
from cli.load.client import connected
from cli.load.loader import LoadFailed, LoadReport, settled
from cli.load.table import Table
from cli.serve import load_sample, options_of, with_system
from cli.showcase.telling import Showcase, tell
from cli.showcase.views import print_outcome, print_side
from cli.story import run_story
from cli.story_report import StoryReport, print_story
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from standalone.system import BusKind, System


def make_folder() -> Path:
    """A data folder of the demo's own, which the database's system user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="crmesh-demo-"))
    folder.chmod(0o755)
    return folder


async def run_demo(full: Path | None, bus: BusKind, port: int, *, as_json: bool) -> bool:
    """The whole demo on a temporary data folder; True when everything agrees."""
    path = full or cdnow.sample_path()
    folder = make_folder()
    outcome: dict[str, Any] = {}

    async def work(system: System, _stop: asyncio.Event) -> int:
        say(err, f"loading {path.name} through {system.options.url}")
        report, table = await load_sample(system, path)
        say(err, "asking each service for its side of the sample")
        async with connected(system.options.url) as api:
            showcase = await tell(api)
            with suppress(LoadFailed):  # the rebuild and the audit show what differs
                await settled(api)
        say(err, "rebuilding every projection and ledger from the log")
        rebuilt = await rebuild_all(system.runtimes)
        say(err, "deriving every decision again")
        findings = await verify_all(system.runtimes)
        say(err, "telling the story of one order")
        async with connected(system.options.url) as api:
            story = await run_story(api)
        outcome.update(report=report, table=table, showcase=showcase, rebuilt=rebuilt, findings=findings, story=story)
        return 0

    try:
        code = await with_system(options_of(folder, "127.0.0.1", port or free_port(), bus), work)
    finally:
        await remove_folder(folder)
    if code:
        raise typer.Exit(code)
    return _present(outcome, as_json=as_json)


async def remove_folder(folder: Path) -> None:
    """The folder and what its servers keep elsewhere."""
    await EmbeddedPostgres(folder / "postgres").destroy()
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _present(outcome: dict[str, Any], *, as_json: bool) -> bool:
    table: Table = outcome["table"]
    showcase: Showcase = outcome["showcase"]
    story: StoryReport = outcome["story"]
    report: LoadReport | None = outcome["report"]
    rebuilt, findings = outcome["rebuilt"], outcome["findings"]
    agrees = (
        table.agrees
        and showcase.holds
        and all(item["equal"] for item in rebuilt)
        and all(finding["ok"] for finding in findings)
        and story.holds
    )
    if as_json:
        body = {
            "agrees": agrees,
            "table": table.as_dict(),
            "showcase": showcase.as_dict(),
            "rebuilt": rebuilt,
            "audit": findings,
            "story": story.as_dict(),
        }
        sys.stdout.write(json.dumps(body, indent=2, default=str) + "\n")
        return agrees
    print_table(table)
    for side in showcase.sides.values():
        print_side(side)
    print_outcome(showcase)
    print_verdicts(rebuilt)
    print_findings(findings)
    print_story(story)
    if report is not None:
        say(err, report.sentence())
    out.print("[bold green]everything agrees[/]" if agrees else "[bold red]something disagrees[/]")
    return agrees
