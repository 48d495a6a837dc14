"""What an operator does with a running system, by hand and as the pages of docs/operations say."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cli.load.client import connected
from cli.story import run_story
from kit.native.process import free_port
from kit.testing.native import run_apart
from kit.testing.program import COMMAND, Program, run_program, servers_of, start_program, system_folder

ROOT = Path(__file__).resolve().parents[2]
POISON = """
INSERT INTO outbox (topic, event_id, type, source, subject, key, sequence, time, correlation_id, causation_id,
                    traceparent, data)
SELECT topic, gen_random_uuid(), type, source, subject, 'poisoned', 1, clock_timestamp(), '', '', '', data
FROM (SELECT topic, type, source, subject, '{}' AS data FROM outbox WHERE type = 'customer.order.confirmed.v1' LIMIT 1)
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with system_folder() as made:
        yield made


@pytest.fixture(scope="module")
def system(folder: Path, prepared: Callable[[Path], Path]) -> Iterator[Program]:
    """A system in which the story of one order was told."""

    async def tell(url: str) -> None:
        async with connected(url) as api:
            assert (await run_story(api)).broken == ""

    program = serve(prepared(folder / "data"), folder / "run.log")
    program.wait_ready()
    run_apart(tell(program.url))
    yield program
    program.stop()


def serve(data: Path, log: Path) -> Program:
    port = free_port()
    return start_program("run", "--data", str(data), "--port", str(port), log=log, url=f"http://127.0.0.1:{port}")


@pytest.fixture
def operate(folder: Path, system: Program) -> Any:
    """Run a command against the system; returns (exit code, JSON or text)."""

    def run(*arguments: str) -> tuple[int, Any]:
        assert system.process.poll() is None, system.output()
        answer = run_program(*arguments, "--data", str(folder / "data"))
        assert "Traceback" not in answer.stderr, answer.stderr
        return answer.returncode, json.loads(answer.stdout) if "--json" in arguments else answer.stdout

    return run


def sql(folder: Path, service: str, statement: str) -> None:
    dsn = json.loads((folder / "data" / "system.json").read_text())["postgres"]

    async def work() -> None:
        connection = await asyncpg.connect(dsn, database=f"crmesh_{service}")
        await connection.execute(statement)
        await connection.close()

    asyncio.run(work())


def levels(body: dict[str, Any]) -> dict[str, str]:
    return {f"{each['scope']} {each['check']}": each["level"] for each in body["findings"]}


def test_a_sound_system(operate: Any) -> None:
    code, body = operate("doctor", "--json")
    assert (code, body["ok"]) == (0, True), body
    assert {"system gateway", "system PostgreSQL", "system topics", "risk lag", "targets audit seals"} <= set(
        levels(body)
    )
    code, text = operate("doctor", "risk")
    assert (code, "0 failed" in text, "customer" in text) == (0, True, False)
    assert operate("migrate", "--status")[0] == 0
    assert operate("topics", "plan")[0] == 0
    code, plans = operate("topics", "apply", "--json")
    assert (code, {plan["done"] for plan in plans}) == (0, {"none"})


def test_one_projection_is_rebuilt_and_swapped(operate: Any, folder: Path) -> None:
    code, (report,) = operate("rebuild", "targets", "credits", "--json")
    assert (code, report["projection"], report["equal"], report["swapped"]) == (0, "credits", True, False)
    sql(folder, "targets", "UPDATE credit_bucket SET amount = amount + 1")
    assert operate("rebuild", "targets", "credits", "--json")[0] == 1
    assert operate("rebuild", "targets", "credits", "--swap")[0] == 1, "differs: refused"
    assert operate("rebuild", "targets", "credits", "--swap", "--force")[0] == 0
    assert operate("rebuild", "targets/credits", "--json")[0] == 0


def test_events_are_shown_and_taken_out(operate: Any, folder: Path) -> None:
    code, text = operate("events", "tail", "customer", "--type", "customer.order.*", "-n", "2")
    assert (code, len(text.splitlines())) == (0, 2)
    code, text = operate("events", "tail", "customer")
    assert (code, len(text.splitlines())) == (0, 10)
    answer = run_program("events", "export", "--service", "customer", "--data", str(folder / "data"))
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    assert {event["specversion"] for event in events} == {"1.0"}
    placed = next(event for event in events if event["type"] == "customer.order.placed.v1")
    one = operate("events", "tail", "customer", "--key", placed["partitionkey"], "--from-start")[1].splitlines()
    assert len(one) == sum(event["partitionkey"] == placed["partitionkey"] for event in events)
    code, report = operate("events", "replay", "customer", "--json")
    assert (code, report["missing"], report["beyond_the_end"]) == (0, 0, [])


def test_following_ends_with_ctrl_c(folder: Path, system: Program) -> None:
    assert system.process.poll() is None
    log = folder / "tail.log"
    tail = start_program("events", "tail", "risk", "-n", "1", "--follow", "--data", str(folder / "data"), log=log)
    tail.wait_output("risk.", 60)
    assert tail.interrupt() == 130
    assert "Traceback" not in tail.output()


def commands_of(page: str) -> list[str]:
    """Lines of the shell blocks of a page."""
    text = (ROOT / "docs" / "operations" / page).read_text()
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("page", ["backup.md", "upgrade.md", "scaling.md"])
def test_every_command_of_the_pages_works(page: str, system: Program, folder: Path) -> None:
    assert system.process.poll() is None
    place = folder / page
    place.mkdir(mode=0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CRMESH_")},
        "PATH": f"{COMMAND.parent}:{os.environ['PATH']}",
        "CRMESH_DATA": str(folder / "data"),
        "BACKUP": str(place / "backup"),
        "NEW": str(place / "new"),
        "EVENTS": str(place / "events.jsonl"),
    }
    assert commands_of(page)
    restored: Program | None = None
    try:
        for line in commands_of(page):
            if line == 'crmesh run --data "$NEW"':
                restored = serve(place / "new", place / "run.log")
                restored.wait_ready()
                continue
            done = subprocess.run(
                ["bash", "-c", line], env=environment, capture_output=True, text=True, check=False, timeout=600
            )
            assert done.returncode == 0, f"{line}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    finally:
        if restored is not None:
            restored.stop()


def test_a_parked_event_from_the_alarm_to_the_end(operate: Any, folder: Path) -> None:
    sql(folder, "customer", POISON)
    sql(folder, "customer", POISON)
    for _ in range(100):
        code, found = operate("parked", "list", "targets", "--json")
        if len(found) == 4:
            break
    rows = [row for row in found if row["lane"] == "core"]
    assert (code, [row["key"] for row in found]) == (0, ["poisoned"] * 4), "both lanes that hear it"
    assert len(rows) == 2
    code, body = operate("doctor", "--json")
    assert (code, levels(body)["targets parked keys"]) == (1, "fail")

    code, shown = operate("parked", "show", "targets", str(rows[0]["id"]), "--json")
    assert (code, shown["value"], [row["id"] for row in shown["behind"]]) == (0, "{}", [rows[1]["id"]])
    assert shown["error"] == rows[0]["error"]
    assert "1 wait behind it" in operate("parked", "show", "targets", str(rows[0]["id"]))[1]
    assert "poisoned" in operate("parked", "list", "targets")[1]

    assert operate("parked", "retry", "targets", "poisoned")[0] == 1, "it fails again"
    assert operate("parked", "discard", "targets", str(rows[0]["id"]))[0] == 2, "nobody can be asked"
    for service in ("targets", "channels", "risk"):
        for row in operate("parked", "list", service, "--json")[1]:
            code, text = operate("parked", "discard", service, str(row["id"]), "--yes")
            assert (code, f"crmesh parked retry {service} poisoned" in text) == (0, True)
        assert operate("parked", "retry", service, "poisoned") == (0, "0 events handled\n")
        assert operate("parked", "list", service)[1] == "0 parked events\n"
    assert operate("parked", "show", "targets", str(rows[0]["id"]))[0] == 1
    code, body = operate("doctor", "--json")
    assert (code, levels(body)["targets parked keys"], levels(body)["targets dead letters"]) == (0, "ok", "warn")
    place = ("--data", str(folder / "data"))
    dead = json.loads(run_program("events", "tail", "targets", "--dead", "-n", "1", "--json", *place).stdout)
    assert dead["data"]["topic"] == "crmesh.customer.events.v1"
    code, reports = operate("rebuild", "all", "--json")
    assert (code, all(report["equal"] for report in reports)) == (0, True), "rebuilds leave it out too"
    code, findings = operate("verify", "--json")
    broken = {finding["check"] for finding in findings if not finding["ok"]}
    assert (code, broken) == (1, {"announced confirmations stand in the orders"}), "no order says what was announced"


def test_a_system_that_is_not_there(folder: Path) -> None:
    empty = folder / "nothing"
    empty.mkdir()
    answer = run_program("doctor", "--data", str(empty), "--json")
    body = json.loads(answer.stdout)
    assert (answer.returncode, levels(body)["system system"]) == (1, "fail")
    assert servers_of(empty) == []
    assert run_program("verify", "--data", str(empty)).returncode == 3
