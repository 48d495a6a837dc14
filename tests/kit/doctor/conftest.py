"""The tiny service on a fresh database with the embedded log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kit.testing.postgres import TestServer
from tests.kit.events.world import Tiny, tiny_on


@pytest.fixture
async def embedded(postgres_server: TestServer) -> AsyncIterator[Tiny]:
    async with tiny_on(postgres_server, None) as made:
        yield made
