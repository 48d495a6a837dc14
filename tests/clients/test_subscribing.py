"""docs/subscribing.md, followed to the letter with kcat and Node, against the events of a running system."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from bench.faults.rules import counter_of
from cli.asyncapi import headers_schema, published_by
from cli.contracts import FOLDER
from kit.events.bus import Message, Record
from kit.events.envelope import Event, from_headers, topic_of
from kit.events.kafka import KafkaBus
from kit.testing.native import run_apart
from standalone.registry import SERVICES
from tests.clients.conftest import TOOLS, Running
from tests.clients.pages import below, blocks, run, save_programs

PAGE = "subscribing.md"
LOOK, PROGRAM = "Look: kcat", "Subscribe: a program"
LINE = re.compile(r"(\S+) (\S+) (-?\d+) (\S+) \((\d+)\)")
DEADLINE = 60


def events(records: list[Record]) -> list[Event]:
    return [from_headers(record.headers, record.value) for record in records]


def look(running: Running, number: int, folder: Path) -> str:
    """What a command of the page prints."""
    (first, *_), commands = blocks(PAGE), below(PAGE, LOOK)[0].commands()
    return run(f"set -euo pipefail\n{first.text}\n{commands[number]}", folder, KAFKA=running.kafka)


# kcat


def test_what_is_there(running: Running, folder: Path) -> None:
    seen = re.findall(r'topic "(crmesh\.\w+\.events\.v1)" with (\d+) partitions', look(running, 0, folder))
    assert dict(seen) == {topic_of(service): "12" for service in SERVICES}


def test_the_whole_history(running: Running, folder: Path) -> None:
    expected = {
        f"{record.partition}/{record.offset} {record.key}": (record.headers, json.loads(record.value))
        for record in running.log()["customer"]
    }
    lines = look(running, 1, folder).splitlines()
    assert len(lines) == 2 * len(expected) > 10
    for place, data in zip(lines[::2], lines[1::2], strict=True):
        name, _, attributes = place.rpartition(" ")
        headers, payload = expected.pop(name)
        assert attributes == ",".join(f"{key}={value.decode()}" for key, value in headers)
        assert json.loads(data) == payload
    assert not expected


def test_one_type(running: Running, folder: Path) -> None:
    confirmed = [event for event in events(running.log()["customer"]) if event.type == "customer.order.confirmed.v1"]
    printed = [json.loads(line) for line in look(running, 2, folder).splitlines()]
    assert sorted(order["id"] for order in printed) == sorted(event.subject for event in confirmed)
    assert {order["state"] for order in printed} == {"confirmed"}


def test_since_an_hour_ago(running: Running, folder: Path) -> None:
    assert len(look(running, 3, folder).splitlines()) == len(running.log()["risk"]) > 0


def test_a_group_goes_on_where_it_stopped(running: Running, folder: Path) -> None:
    (first, *_), command = blocks(PAGE), below(PAGE, LOOK)[1].text
    script = f"set -euo pipefail\n{first.text}\n{command}"
    log = running.log()
    printed = run(script, folder, KAFKA=running.kafka).splitlines()
    places = sorted(tuple(line.split(" ")[:2]) for line in printed)
    assert places == sorted((record.topic, record.key) for name in ("customer", "risk") for record in log[name])
    assert run(script, folder, KAFKA=running.kafka) == ""


# JavaScript


@contextmanager
def subscriber(running: Running, folder: Path) -> Iterator[Callable[[int], list[tuple[str, ...]]]]:
    """The page's program at work; call it for the first so many lines that it prints. It is killed in the end."""
    with (folder / "printed").open("wb") as out:
        process = subprocess.Popen(
            ["node", "subscriber.mjs"],
            cwd=folder,
            env={**os.environ, "KAFKA": running.kafka},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )

        def printed(count: int) -> list[tuple[str, ...]]:
            end = time.monotonic() + DEADLINE
            while len(lines := (folder / "printed").read_text().splitlines()) < count:
                assert process.poll() is None, lines
                assert time.monotonic() < end, lines
                time.sleep(0.1)
            found = [LINE.fullmatch(line) for line in lines]
            assert all(found), lines
            return [match.groups() for match in found if match]

        try:
            yield printed
        finally:
            process.kill()
            process.wait(30)


def order_lines(log: dict[str, list[Record]]) -> list[tuple[str, ...]]:
    """What the program must print: every event of an order once, in the order of its first occurrence."""
    found: dict[str, tuple[str, ...]] = {}
    for event in events(log["customer"]):
        if event.type.startswith("customer.order."):
            order = event.payload
            figures = (order["number"], order["state"], str(order["gross_base"]), order["base_currency"])
            found.setdefault(str(event.id), (*figures, str(event.sequence)))
    return list(found.values())


def per_order(lines: list[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    return {number: [line for line in lines if line[0] == number] for number in {line[0] for line in lines}}


def send_again(running: Running, records: list[Record]) -> None:
    """What a relay does that was killed after sending and before noting it."""

    async def publish() -> None:
        bus = KafkaBus(running.kafka, "test")
        try:
            await bus.publish(records[0].topic, [Message(one.key, one.value, one.headers) for one in records])
        finally:
            await bus.stop()

    run_apart(publish())


def test_a_program_that_is_killed_and_started_again(running: Running, folder: Path) -> None:
    save_programs(PAGE, PROGRAM, folder)
    orders = [one for one in running.log()["customer"] if b"customer.order" in dict(one.headers)["ce_type"]]
    send_again(running, orders[:3])
    expected = order_lines(running.log())
    with subscriber(running, folder) as printed:
        assert per_order(printed(len(expected))) == per_order(expected), "all once, in order, though some came twice"
    send_again(running, orders[-1:])
    allowed = order_lines({"customer": [*orders[:3], orders[-1]]})
    with subscriber(running, folder) as printed:
        lines = printed(1)
        while allowed[-1] not in lines:
            lines = printed(len(lines) + 1)
    told_again = [line for line in lines if line not in allowed]
    assert len(told_again) <= 1, "goes on where it was killed: one may be printed and not yet committed"


def test_replay_from_the_beginning(running: Running, folder: Path) -> None:
    save_programs(PAGE, PROGRAM, folder)
    program = folder / "subscriber.mjs"
    text = program.read_text()
    program.write_text(text.replace("mode: 'committed'", "mode: 'earliest'"))
    assert program.read_text() != text
    expected = order_lines(running.log())
    for _ in range(2):
        with subscriber(running, folder) as printed:
            assert per_order(printed(len(expected))) == per_order(expected)


def test_the_page_names_the_version_that_is_tried() -> None:
    wanted = json.loads((TOOLS / "package.json").read_text())["dependencies"]
    text = (FOLDER.parent / "docs" / PAGE).read_text()
    assert f"npm install @platformatic/kafka@{wanted['@platformatic/kafka']}`" in text
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    assert f"Node {version.removeprefix('v').partition('.')[0]} " in text


# what the page promises of every record


@pytest.mark.parametrize("service", SERVICES)
def test_every_record_is_as_the_document_says(running: Running, service: str) -> None:
    models = {model.TYPE: model for model in published_by(service)}
    headers = jsonschema_rs.Draft202012Validator(headers_schema(), validate_formats=True)
    payloads: dict[str, Any] = {
        name: jsonschema_rs.Draft202012Validator(
            json.loads((FOLDER / "events" / f"{name}.schema.json").read_text()), validate_formats=True
        )
        for name in models
    }
    seen: dict[tuple[str, str, int], Event] = {}
    records = running.log()[service]
    assert records
    for record, event in zip(records, events(records), strict=True):
        headers.validate({name: value.decode() for name, value in record.headers})
        payloads[event.type].validate(event.payload)
        assert (event.subject, event.key) == models[event.type].address_of(event.payload)
        assert (event.source, event.key) == (f"/crmesh/{service}", record.key)
        counted = (counter_of(event.type), event.subject, event.sequence)
        assert seen.setdefault(counted, event).id == event.id, "a sequence counts one event"
