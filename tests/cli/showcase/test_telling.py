"""Sides are shown in their order as each is there; what goes wrong on one leaves the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from cli.load.client import Api
from cli.showcase import telling
from cli.showcase.steps import ShowcaseFailed
from cli.showcase.telling import Side, tell
from tests.cli.showcase.gateway import Answers
from tests.cli.showcase.sides import CHANNELS, CUSTOMER, TARGETS

Work = Callable[[Api], Awaitable[None]]


def shows(side: Side) -> Callable[[Api], Awaitable[Side]]:
    async def show(_api: Api) -> Side:
        return side

    return show


async def at_once(_api: Api) -> None:
    """Nothing is missing."""


def fails(error: Exception) -> Work:
    async def prepare(_api: Api) -> None:
        raise error

    return prepare


async def test_the_order_is_that_of_the_sides_whoever_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    other_is_ready = asyncio.Event()

    async def slow(_api: Api) -> None:
        await asyncio.wait_for(other_is_ready.wait(), 5)

    async def quick(_api: Api) -> None:
        other_is_ready.set()

    sides = {"customer": (slow, shows(CUSTOMER)), "targets": (quick, shows(TARGETS))}
    monkeypatch.setattr(telling, "SIDES", sides)
    seen: list[Side] = []
    showcase = await tell(Answers({}).api(), seen.append)
    assert seen == [CUSTOMER, TARGETS]
    assert list(showcase.sides) == ["customer", "targets"]
    assert showcase.holds


@pytest.mark.parametrize(
    ("error", "said"),
    [(ShowcaseFailed("no study"), "no study"), (httpx.ReadTimeout(""), "ReadTimeout")],
)
async def test_one_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    sides = {"customer": (fails(error), shows(CUSTOMER)), "channels": (at_once, shows(CHANNELS))}
    monkeypatch.setattr(telling, "SIDES", sides)
    showcase = await tell(Answers({}).api())
    assert showcase.broken == {"customer": said}
    assert list(showcase.sides) == ["channels"]
    assert not showcase.holds
