"""`crmesh demo`, and what its checks say of a system whose load was interrupted, finished, or tampered with."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cli.load import cdnow
from kit.native.process import free_port
from kit.testing.program import Program, run_program, servers_of, start_program, system_folder
from tests.shared_suites.sample import part_of_sample, whole_sample

LOADED = "stop with Ctrl-C"


@dataclass(frozen=True)
class Loaded:
    """A running system with the sample in it, and what was seen while it went in."""

    program: Program
    folder: Path
    path: Path
    orders: int
    exit_code_of_interrupted: int
    left_of_interrupted: int
    done_when_interrupted: dict[str, int]
    incomplete: tuple[int, dict[str, Any]]
    incomplete_text: str

    def run(self, *arguments: str) -> tuple[int, Any]:
        answer = run_program(*arguments, "--data", str(self.folder), "--json")
        return answer.returncode, json.loads(answer.stdout)

    def check(self) -> tuple[int, dict[str, Any]]:
        return check(self.program.url, self.path)

    def sql(self, service: str, statement: str) -> Any:
        """Run SQL in a service's database; returns the value it answers."""
        dsn = json.loads((self.folder / "system.json").read_text())["postgres"]

        async def work() -> Any:
            connection = await asyncpg.connect(dsn, database=f"crmesh_{service}")
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return asyncio.run(work())


def start(folder: Path, *arguments: str) -> Program:
    port = free_port()
    place = ("--data", str(folder), "--port", str(port))
    log = folder / f"run-{port}.log"
    return start_program("run", *place, *arguments, log=log, url=f"http://127.0.0.1:{port}")


def check(url: str, path: Path) -> tuple[int, dict[str, Any]]:
    answer = run_program("demo", "--check", "--json", "--url", url, "--full", str(path))
    return answer.returncode, json.loads(answer.stdout)


def done(folder: Path) -> dict[str, int]:
    record = folder / "load.json"
    return dict(json.loads(record.read_text())["done"]) if record.exists() else {}


def wait_for_orders(folder: Path, program: Program, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not done(folder).get("orders"):
        assert program.process.poll() is None, program.output()
        assert time.monotonic() < deadline, "no order goes in"
        time.sleep(0.02)


@pytest.fixture(scope="module", params=[part_of_sample, pytest.param(whole_sample, marks=pytest.mark.nightly)])
def loaded(request: pytest.FixtureRequest, prepared: Callable[[Path], Path]) -> Iterator[Loaded]:
    with system_folder() as folder:
        path = request.param(prepared(folder))
        load, orders = ("--load", "--file", str(path)), len(list(cdnow.read(path)))
        first = start(folder, *load, "--chunk", "25")
        wait_for_orders(folder, first)
        code, seen = first.stop(signal.SIGTERM), done(folder)
        left = len(servers_of(folder))
        resting = start(folder)
        resting.wait_ready()
        incomplete = check(resting.url, path)
        text = run_program("demo", "--check", "--url", resting.url, "--full", str(path)).stdout
        resting.stop()
        program = start(folder, *load)
        program.wait_output(LOADED)
        yield Loaded(program, folder, path, orders, code, left, seen, incomplete, text)
        program.stop()


def test_an_interrupted_load_stops_in_order_and_is_called_incomplete(loaded: Loaded) -> None:
    assert (loaded.exit_code_of_interrupted, loaded.left_of_interrupted) == (0, 0)
    assert 0 < loaded.done_when_interrupted["orders"] < loaded.orders
    code, table = loaded.incomplete
    assert (code, table["complete"], table["agrees"]) == (1, False, False)
    assert table["missing"]
    assert loaded.incomplete_text.startswith("incomplete: ")
    assert len(loaded.incomplete_text.splitlines()) == 1, "no table of half a file"


def test_the_next_run_goes_on_and_the_table_agrees(loaded: Loaded) -> None:
    assert "What went in" in loaded.program.output()
    code, table = loaded.check()
    assert (code, table["agrees"], table["missing"], table["orders"]) == (0, True, {}, loaded.orders)
    assert all(row["agrees"] for row in table["rows"])
    assert {row["name"] for row in table["rows"]} >= {"gross", "held", "paid", "returned", "exposure", "credited"}


def test_everything_rebuilt_is_equal_and_every_decision_holds(loaded: Loaded) -> None:
    code, reports = loaded.run("rebuild", "all")
    assert (code, all(report["equal"] for report in reports)) == (0, True)
    tables = {table["table"] for report in reports for table in report["tables"]}
    assert tables >= {"principal", "partner_directory", "product_directory", "account_directory"}
    assert tables >= {"credit_line", "credit_bucket", "rebate_entry", "rebate_account", "exposure_entry"}
    code, findings = loaded.run("verify")
    assert (code, all(finding["ok"] for finding in findings)) == (0, True)
    assert {finding["service"] for finding in findings} == {"customer", "targets", "channels", "risk"}


DAMAGES = [
    ("risk/exposure", "exposure_entry", "amount = amount + 1"),
    ("targets/credits", "credit_bucket", "amount = amount - 1"),
    ("channels/rebates", "rebate_account", "accrued = accrued + 1"),
    ("customer/product_directory", "product_directory", "product_line = 'other'"),
]


def test_damaged_live_rows_are_unequal_until_they_are_replaced(loaded: Loaded) -> None:
    def digests() -> list[str]:
        digest = "SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} t"
        return [loaded.sql(name.partition("/")[0], digest.format(table)) for name, table, _change in DAMAGES]

    sound = digests()
    for name, table, change in DAMAGES:
        one = f"ctid = (SELECT ctid FROM {table} LIMIT 1)"
        loaded.sql(name.partition("/")[0], f"UPDATE {table} SET {change} WHERE {one}")
    code, reports = loaded.run("rebuild", "all")
    unequal = {table["table"] for report in reports for table in report["tables"] if not table["equal"]}
    assert (code, unequal) == (1, {table for _name, table, _change in DAMAGES})
    assert not set(digests()) & set(sound), "comparing changes nothing"

    refused = run_program("rebuild", DAMAGES[0][0], "--swap", "--data", str(loaded.folder))
    assert (refused.returncode, "differ" in refused.stderr) == (1, True), refused.stderr
    code, reports = loaded.run("rebuild", "all", "--swap", "--force")
    assert (code, all(report["swapped"] for report in reports)) == (0, True)
    assert digests() == sound


def test_the_audit_finds_a_tampered_decision(loaded: Loaded) -> None:
    one = "id = (SELECT min(id::text)::uuid FROM credit_decision WHERE decision = 'refused')"
    loaded.sql("risk", f"UPDATE credit_decision SET shortfall = shortfall + 1 WHERE {one}")
    try:
        code, findings = loaded.run("verify")
        assert code == 1
        assert {f["check"] for f in findings if not f["ok"]} == {"decisions follow from their inputs"}
    finally:
        loaded.sql("risk", f"UPDATE credit_decision SET shortfall = shortfall - 1 WHERE {one}")


def test_a_second_start_does_not_load_again(loaded: Loaded) -> None:
    record = (loaded.folder / "load.json").stat().st_mtime_ns
    assert loaded.program.stop() == 0
    again = start(loaded.folder, "--load", "--file", str(loaded.path))
    try:
        again.wait_output(LOADED)
        assert "What went in" in again.output()
        assert "accounts" not in again.output(), "no progress bar of a load"
        assert (loaded.folder / "load.json").stat().st_mtime_ns == record
        assert check(again.url, loaded.path)[0] == 0
    finally:
        assert again.stop() == 0
    assert servers_of(loaded.folder) == []


def demo(*arguments: str) -> dict[str, Any]:
    answer = run_program("demo", "--json", *arguments)
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-2000:]
    body: dict[str, Any] = json.loads(answer.stdout)
    return body


def assert_whole(body: dict[str, Any]) -> None:
    table = body["table"]
    assert body["agrees"]
    assert body["showcase"]["holds"], body["showcase"]["laws"]
    assert table["agrees"]
    assert table["held"] >= table["orders"] / 100, "too few orders are held"
    assert all(report["equal"] for report in body["rebuilt"])
    assert all(finding["ok"] for finding in body["audit"])
    assert body["story"]["holds"]


def test_demo_of_a_part(tmp_path: Path) -> None:
    assert_whole(demo("--full", str(part_of_sample(tmp_path))))


@pytest.mark.nightly
@pytest.mark.parametrize("bus", ["embedded", "kafka"])
def test_demo(bus: str) -> None:
    assert_whole(demo("--bus", bus))


def test_check_of_no_system_says_so() -> None:
    answer = run_program("demo", "--check", "--url", f"http://127.0.0.1:{free_port()}")
    assert answer.returncode == 3
    assert "cannot be reached" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    missing = run_program("demo", "--full", str(tmp_path / "none.txt"))
    assert (missing.returncode, "is no file" in missing.stderr) == (2, True)
