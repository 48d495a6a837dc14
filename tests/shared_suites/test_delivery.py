"""The suite of `delivery` over the story of every service: whatever happens to the messages or to the worker,
the service knows and says what it does when all goes well."""

from __future__ import annotations

import random

import pytest

from kit.events.envelope import Event
from kit.testing.postgres import TestServer
from tests.shared_suites.delivery import POINTS, SERVICES, Crash, Stage, check_sound, crashing, knowledge, staged
from tests.shared_suites.stories import ACROSS_KEYS, STORIES

Knowledge = dict[str, list[str]]
CRASHES = 3


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Knowledge]:
    """What each service knows after its story when nothing goes wrong; filled by the first test that asks."""
    return {}


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is told to stop has polled to its end soon: most tests here stop many."""
    monkeypatch.setattr("kit.events.inbox.POLL_SECONDS", 0.05)


class Play:
    """A story on a stage, to be worked and compared."""

    def __init__(self, server: TestServer, service: str, undisturbed: dict[str, Knowledge]) -> None:
        self._server, self.service, self._undisturbed = server, service, undisturbed
        self.without = ACROSS_KEYS.get(service, ())

    async def plain(self) -> Knowledge:
        """The run that all others must equal."""
        if self.service not in self._undisturbed:
            async with staged(self._server, self.service) as stage:
                events = await STORIES[self.service](stage)
                await stage.hear(*events)
                await check_sound(stage)
                self._undisturbed[self.service] = await knowledge(stage, events, self.without)
        return self._undisturbed[self.service]

    async def check(self, stage: Stage, events: list[Event]) -> None:
        """Equal to the plain run, and sound."""
        assert await knowledge(stage, events, self.without) == await self.plain()
        await check_sound(stage)


@pytest.fixture(params=SERVICES)
def play(request: pytest.FixtureRequest, postgres_server: TestServer, undisturbed: dict[str, Knowledge]) -> Play:
    return Play(postgres_server, request.param, undisturbed)


def shuffled_across_keys(events: list[Event], rng: random.Random) -> list[Event]:
    """Another order that keeps that of every key."""
    queues: dict[str, list[Event]] = {}
    for event in events:
        queues.setdefault(event.key, []).append(event)
    keys = [event.key for event in events]
    rng.shuffle(keys)
    return [queues[key].pop(0) for key in keys]


async def test_the_story_says_something(play: Play) -> None:
    known = await play.plain()
    assert sum(len(rows) for rows in known.values()) > 30
    assert len(known["outbox"]) >= 5
    async with staged(play._server, play.service) as stage:
        events = await STORIES[play.service](stage)
        assert {event.type for event in events} <= set(stage.harness.subscriptions.handlers)
        await stage.hear(*events[:-1])
        assert await knowledge(stage, events, play.without) != known, "a missing event is seen"


async def test_duplicates_change_nothing(play: Play) -> None:
    async with staged(play._server, play.service) as stage:
        events = await STORIES[play.service](stage)
        await stage.publish([copy for event in events for copy in (event, event)])
        await stage.publish(events)
        await stage.work()
        await stage.hear(*random.Random(1).sample(events, len(events)))
        await play.check(stage, events)


async def test_the_order_across_keys_changes_nothing(play: Play) -> None:
    async with staged(play._server, play.service) as stage:
        events = await STORIES[play.service](stage)
        for event in shuffled_across_keys(events, random.Random(2)):
            await stage.hear(event)
        await play.check(stage, events)


async def test_a_replay_after_the_inbox_was_purged_changes_nothing(play: Play) -> None:
    async with staged(play._server, play.service) as stage:
        events = await STORIES[play.service](stage)
        await stage.hear(*events)
        await stage.forget()
        await stage.hear(*events)
        await play.check(stage, events)


async def test_two_workers_at_once_change_nothing(play: Play) -> None:
    async with staged(play._server, play.service) as stage:
        events = await STORIES[play.service](stage)
        await stage.publish([*events, *events])
        await stage.work(workers=2)
        await play.check(stage, events)


@pytest.mark.parametrize("point", POINTS)
async def test_crashes_change_nothing(play: Play, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker dies at the point again and again, each time a little further on, and duplicates come as well."""
    monkeypatch.setattr("kit.events.inbox.BATCH", 3)
    monkeypatch.setattr("kit.events.relay.BATCH", 3)
    async with staged(play._server, play.service) as stage:
        events = await STORIES[play.service](stage)
        await stage.publish([*events, *events[::3]])
        for count in range(1, CRASHES + 1):
            with crashing(monkeypatch, point, count), pytest.raises(Crash):
                await stage.work()
        await stage.work()
        await play.check(stage, events)
