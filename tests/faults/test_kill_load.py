"""kill -9 at random moments of a load, of the program alone and of everything with PostgreSQL, then on."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cli.load import cdnow
from kit.native.process import free_port
from kit.testing.program import Program, kill_all, run_program, servers_of, start_program, system_folder
from tests.shared_suites.sample import part_of_sample, whole_sample

KILLS = ("program", "program", "everything", "everything", "random")
# Small requests make the load long enough to be hit five times, and each hit lands inside some transaction.
CHUNK = "25"


def start(folder: Path, path: Path) -> Program:
    port = free_port()
    place = ("--no-showcase", "--data", str(folder), "--port", str(port), "--chunk", CHUNK)
    log = folder / f"run-{port}.log"
    return start_program("run", "--load", "--file", str(path), *place, log=log, url=f"http://127.0.0.1:{port}")


def record(folder: Path) -> dict[str, Any]:
    path = folder / "load.json"
    return dict(json.loads(path.read_text())) if path.exists() else {"done": {}, "complete": False}


def rows_in(folder: Path) -> int:
    return sum(record(folder)["done"].values())


def rows_of_the_load(path: Path) -> int:
    purchases = list(cdnow.read(path))
    accounts = len({purchase.customer for purchase in purchases})
    payments = sum(len(cdnow.payments_of(purchase)) for purchase in purchases)
    return 2 * accounts + len(purchases) + payments


def kill_in_the_load(folder: Path, path: Path, at: int, pause: float, whole: bool) -> str:
    """Run until `at` rows are in and a moment longer, then kill; says where it was."""
    program = start(folder, path)
    before, deadline = rows_in(folder), time.monotonic() + 400
    while rows_in(folder) < max(at, before + 1):
        assert program.process.poll() is None, program.output()
        assert time.monotonic() < deadline, f"stands at {record(folder)['done']}:\n{program.output()}"
        time.sleep(0.01)
    time.sleep(pause)
    assert program.process.poll() is None, program.output()
    assert not record(folder)["complete"], "the load was over before the kill"
    if whole:
        assert kill_all(folder) >= 2
        assert servers_of(folder) == []
    else:
        program.kill()
        assert servers_of(folder), "the database server lives on"
    program.process.wait(30)
    return f"{'everything' if whole else 'the program'} at {record(folder)['done']}"


def check(*arguments: str) -> Any:
    answer = run_program(*arguments, "--json")
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-1000:]
    return json.loads(answer.stdout)


@pytest.mark.parametrize(
    ("kills", "file"),
    [
        pytest.param(("program", "everything"), part_of_sample, id="two"),
        pytest.param(KILLS, whole_sample, id="five", marks=pytest.mark.nightly),
    ],
)
def test_kills_in_a_load_change_nothing(
    kills: Sequence[str], file: Callable[[Path], Path], prepared: Callable[[Path], Path]
) -> None:
    seed = int(os.environ.get("CRMESH_SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    chance = random.Random(seed)
    kills = chance.sample(kills, len(kills))
    with system_folder() as folder:
        path = file(prepared(folder))
        total = rows_of_the_load(path)
        for number, kind in enumerate(kills):
            whole = kind == "everything" or (kind == "random" and chance.random() < 0.5)
            # the last tenth is left alone: on a busy machine this process may look again only when it is in
            at = int(total * (number + chance.random() * 0.5) / len(kills))
            print(kill_in_the_load(folder, path, at, chance.random() * 0.2, whole))
        program = start(folder, path)
        program.wait_output("stop with Ctrl-C")
        table = check("demo", "--check", "--url", program.url, "--full", str(path))
        assert (table["agrees"], table["missing"]) == (True, {})
        place = ("--data", str(folder))
        assert all(report["equal"] for report in check("rebuild", "all", *place))
        assert all(finding["ok"] for finding in check("verify", *place))
        assert program.stop() == 0
        assert servers_of(folder) == []
