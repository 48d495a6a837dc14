"""Batches are worked in few runs without reordering the events of a key."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from kit import clock
from kit.events.envelope import Event
from kit.events.handlers import Projection, Subscriptions, topic_of_type, waves
from kit.work import system_work
from tests.kit.tiny import SETTINGS


class Nothing(BaseModel):
    """What these events say."""


def event(number: int, event_type: str, key: str) -> Event:
    return Event(UUID(int=number), event_type, "/test", key, clock.now(), key, number, b"{}")


batches = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=60).map(
    lambda pairs: [event(n, event_type, key) for n, (event_type, key) in enumerate(pairs)]
)


@given(batches)
def test_waves_hold_every_event_once_in_the_order_of_its_key(events: list[Event]) -> None:
    runs = waves(events)
    worked = [each for _type, run in runs for each in run]
    assert sorted(e.sequence for e in worked) == [e.sequence for e in events]
    for key in {e.key for e in events}:
        assert [e.sequence for e in worked if e.key == key] == [e.sequence for e in events if e.key == key]
    for event_type, run in runs:
        assert {e.type for e in run} == {event_type}
        assert [e.sequence for e in run] == sorted(e.sequence for e in run)


@given(batches)
def test_waves_are_never_more_than_changes_of_type_in_the_batch(events: list[Event]) -> None:
    changes = sum(a.type != b.type for a, b in pairwise(events)) + bool(events)
    assert len(waves(events)) <= changes


def test_placed_and_paid_of_many_keys_are_two_runs() -> None:
    events = [event(n, "placed" if n % 2 == 0 else "paid", f"k{n // 2}") for n in range(100)]
    assert [(name, len(run)) for name, run in waves(events)] == [("placed", 50), ("paid", 50)]


async def test_handlers_of_an_event_run_in_the_order_of_registration() -> None:
    seen: list[tuple[str, int]] = []

    def handler(name: str) -> Any:
        async def handle(_handle: Any, facts: Any) -> None:
            seen.extend((name, each.event.sequence) for each in facts)

        return handle

    models = dict.fromkeys(("customer.a.v1", "risk.b.v1", "tiny.c.v1"), Nothing)
    subscriptions = Subscriptions("tiny", models)
    core = subscriptions.lane("core")
    core.react(handler("react"), "customer.a.v1", "risk.b.v1")
    core.project(Projection("p", ("t",), {"customer.a.v1": handler("project")}))
    core.ledger(Projection("l", ("t",), {"tiny.c.v1": handler("never")}, is_ledger=True))
    work = system_work(None, "tiny", SETTINGS)  # type: ignore[arg-type]  # nothing looks at its transaction
    await core.handle(work, [event(1, "customer.a.v1", "k"), event(2, "risk.b.v1", "k")])
    assert seen == [("react", 1), ("project", 1), ("react", 2)]
    assert subscriptions.topics() == ("crmesh.customer.events.v1", "crmesh.risk.events.v1")
    assert subscriptions.projections["l"].topics() == ("crmesh.tiny.events.v1",)
    assert "tiny.c.v1" not in subscriptions.handlers
    assert topic_of_type("risk.b.v1") == "crmesh.risk.events.v1"
