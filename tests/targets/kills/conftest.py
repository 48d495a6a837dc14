"""Lives of the targets service."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.targets.worker import jobs_of
from tests.customer.kills.lives import Lives
from tests.targets.conftest import World


@pytest.fixture
async def lives(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lives]:
    """Nothing is killed but what runs in a life of these."""
    killer = await world.service.runtime.db.connect()
    try:
        yield Lives(world.service, killer, monkeypatch, jobs_of)
    finally:
        await killer.close()
