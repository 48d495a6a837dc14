"""A tiny service on a fresh database, with a log on either bus."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kit.testing.postgres import TestServer
from tests.kit.events.world import Tiny, tiny_on


@pytest.fixture(params=["embedded", "kafka"])
async def tiny(request: pytest.FixtureRequest, postgres_server: TestServer) -> AsyncIterator[Tiny]:
    bootstrap = request.getfixturevalue("kafka_bootstrap") if request.param == "kafka" else None
    async with tiny_on(postgres_server, bootstrap) as made:
        yield made


@pytest.fixture
async def embedded(postgres_server: TestServer) -> AsyncIterator[Tiny]:
    """For what does not depend on the bus."""
    async with tiny_on(postgres_server, None) as made:
        yield made


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A consumer that is told to stop has polled to its end soon: most tests here stop one."""
    monkeypatch.setattr("kit.events.inbox.POLL_SECONDS", 0.1)
