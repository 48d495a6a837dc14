"""The commands of every runbook, run as they stand against a running system that has something to look at."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from cli.load.client import connected
from cli.story import run_story
from kit.events.envelope import to_headers
from kit.events.relay import event_of
from kit.testing.native import run_apart
from kit.testing.program import Program, system_folder
from standalone.folder import read_system
from tests.architecture.source import ROOT
from tests.e2e.conftest import running_system
from tests.e2e.pages import commands, run_script

FOLDER = ROOT / "docs" / "operations" / "runbooks"
PAGES = sorted(path.stem for path in FOLDER.glob("Crmesh*.md"))
HEADINGS = ["Meaning", "Look", "Act", "Verify"]


@dataclass
class Running:
    """A system where the story was played and two events are parked."""

    program: Program
    folder: Path

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script as an operator's shell does, with the words of the runbooks' first page."""
        words = commands(FOLDER / "README.md")
        return run_script(words + script, URL=self.program.url, CRMESH_DATA=str(self.folder))


PARK = """
INSERT INTO parked_event (grp, key, event_id, type, topic, partition, log_offset, headers, value, error, attempts)
VALUES ('crmesh.targets.core', $1, coalesce($2, gen_random_uuid()), $3, 'crmesh.customer.events.v1', 0, 0, $4, $5,
        'boom', 6)
"""
CONFIRMED = "SELECT * FROM outbox WHERE type = 'customer.order.confirmed.v1' ORDER BY id LIMIT 1"


async def park_two(dsn: str) -> None:
    """One event that can be handled (it was, before) and one that nobody needs, of another key."""
    customer, targets = await asyncpg.connect(dsn), await asyncpg.connect(dsn.replace("customer", "targets"))
    try:
        row = await customer.fetchrow(CONFIRMED)
        assert row is not None
        event = event_of(row)
        headers = json.dumps([[name, value.decode()] for name, value in to_headers(event)])
        for key, event_id in ((event.key, event.id), ("nobody", None)):
            await targets.execute(PARK, key, event_id, event.type, headers, event.data.decode())
    finally:
        await customer.close()
        await targets.close()


@pytest.fixture(scope="module")
def running(prepared: Callable[[Path], Path]) -> Iterator[Running]:
    """The embedded system, as `crmesh run` serves it."""

    async def play(url: str, dsn: str) -> None:
        async with connected(url) as api:
            assert (await run_story(api)).broken == ""
        await park_two(dsn)

    with system_folder() as folder, running_system("embedded", prepared(folder)) as program:
        server = read_system(folder)["postgres"]
        run_apart(play(program.url, server.replace("/?", "/crmesh_customer?", 1)))
        yield Running(program, folder)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run(running: Running, page: str) -> None:
    script = commands(FOLDER / f"{page}.md")
    assert script, "a page without a command"
    done = running.run(script)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}\n{running.program.output()[-2000:]}"


def test_a_page_fails_when_its_figure_is_not_there(running: Running) -> None:
    assert running.run("figures crmesh_no_such_figure").returncode != 0


def test_the_first_order_of_the_page_of_kubernetes_is_confirmed(running: Running) -> None:
    page = (FOLDER.parent / "kubernetes.md").read_text().partition("## First order")[2]
    (script,) = re.findall(r"^```sh\n(.*?)^```$", page.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    done = running.run(script)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, '"state":"confirmed"'), done.stderr[-2000:]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_its_parts(page: str) -> None:
    text = (FOLDER / f"{page}.md").read_text()
    assert text.startswith(f"# {page}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
