"""Lives of the risk service."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kit.testing.service import ServiceHarness
from services.risk.worker import jobs_of
from tests.customer.kills.lives import Lives


@pytest.fixture
async def lives(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lives]:
    """Nothing is killed but what runs in a life of these."""
    killer = await service.runtime.db.connect()
    try:
        yield Lives(service, killer, monkeypatch, jobs_of)
    finally:
        await killer.close()
