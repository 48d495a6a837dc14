"""A process that is told to end answers everybody first."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from kit.native.process import free_port

ROOT = Path(__file__).parents[3]
Start = Callable[[float], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the small program with so many seconds of drain; returns it and its address."""
    started: list[subprocess.Popen[str]] = []

    def run(drain: float) -> tuple[subprocess.Popen[str], str]:
        port = free_port()
        command = [sys.executable, "-m", "tests.kit.web.serving", str(port), str(drain)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{port}/")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        return process, f"http://127.0.0.1:{port}"

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_draining_answers_everybody_and_closes_connections(start: Start) -> None:
    process, url = start(1.5)
    with httpx.Client() as client:
        before = client.get(url)
        assert before.text == "ready"
        assert "connection" not in before.headers
        process.send_signal(signal.SIGTERM)
        began, answers, drained = time.monotonic(), 0, 0
        while time.monotonic() - began < 1.2:
            answer = client.post(url, content=b"x")
            answers += 1
            drained += answer.text == "draining"
            if drained > 1:  # the first may have been on its way when the drain began
                assert answer.headers["connection"] == "close"
        assert answers > 10
        assert answer.text == "draining"
    assert process.wait(10) == 0
    assert 1.4 < time.monotonic() - began < 5
    assert process.stdout is not None
    assert process.stdout.read() == "ended\n", "the lifespan ends as well"


def test_without_a_drain_requests_on_their_way_are_answered(start: Start) -> None:
    process, url = start(0)
    with httpx.Client() as client, client.stream("GET", f"{url}/slow") as answer:
        process.send_signal(signal.SIGTERM)
        assert answer.read() in (b"ready", b"draining")
    assert process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_drain(start: Start, number: signal.Signals) -> None:
    process, url = start(60)
    process.send_signal(signal.SIGTERM)
    while httpx.get(url).text != "draining":
        time.sleep(0.02)
    process.send_signal(number)
    process.wait(10)
