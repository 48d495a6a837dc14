"""The guide's pages, run as they stand and one after another on one system with the sample organisation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.load.client import connected
from cli.load.organisation import set_up
from kit.testing.native import run_apart
from kit.testing.program import Program, system_folder
from standalone.registry import SERVICES
from tests.architecture.source import ROOT
from tests.e2e.conftest import running_system
from tests.e2e.pages import commands, run_script

FOLDER = ROOT / "docs" / "guide"
PAGES = ("one-order", *SERVICES)


@pytest.fixture(scope="module")
def organised() -> Iterator[Program]:
    """A system as `make run` serves it, without the sample's orders and targets."""

    async def organise(url: str) -> None:
        async with connected(url) as api:
            await set_up(api, with_targets=False)

    with system_folder() as folder, running_system("embedded", folder) as program:
        run_apart(organise(program.url))
        yield program


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run(organised: Program, page: str) -> None:
    script = commands(FOLDER / f"{page}.md")
    assert script, "a page without a command"
    done = run_script(commands(FOLDER / "README.md") + script, URL=organised.url)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}\n{organised.output()[-2000:]}"


def test_a_page_fails_when_a_figure_never_comes(organised: Program) -> None:
    """With the waits of a minute cut to none."""
    words = commands(FOLDER / "README.md").replace("SECONDS + 60", "SECONDS + 0")
    script = "again is nobody '/v1/members?code=rep-01' '[\"items\"][0][\"code\"]'"
    done = run_script(f"{words}\n{script}", URL=organised.url)
    assert done.returncode != 0


def test_every_service_has_its_page() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *PAGES}
