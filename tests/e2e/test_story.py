"""One order through all four services, the same on the embedded log and on Kafka."""

from __future__ import annotations

import pytest

from cli.load.client import connected
from cli.story import run_story
from kit.testing.program import Program


async def test_story(system: Program, capsys: pytest.CaptureFixture[str]) -> None:
    async with connected(system.url) as api:
        report = await run_story(api)
        again = await run_story(api)
    with capsys.disabled():
        for step in again.steps:
            print(f"\n{step.milliseconds:8.0f} ms  {step.name}", end="")
    assert report.broken == ""
    assert again.broken == "", "the story can be told twice on one system"
