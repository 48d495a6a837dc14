"""What KPIs are counted from: twice, in another order and rebuilt it is the same."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kit.events.bus import Message
from kit.events.envelope import to_headers, topic_of
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import make_event
from services.targets.kpi_facts.rules import margin_back
from tests.targets.conftest import World, told_of

TABLES = (
    *("kpi_sale", "kpi_movement", "kpi_payment", "kpi_share", "kpi_visit"),
    *("kpi_opportunity", "kpi_answer", "kpi_stage", "kpi_account", "kpi_lead", "kpi_case_step"),
)
PROJECTIONS = [name for name in TABLES if name != "kpi_movement"]


async def known(world: World) -> dict[str, list[dict[str, Any]]]:
    rows = {table: await world.service.rows(f"SELECT * FROM {table}") for table in TABLES}
    return {table: sorted(found, key=str) for table, found in rows.items()}


async def test_twice_in_another_order_and_rebuilt(world: World) -> None:
    account = new_id()
    order = world.order({"a1": 600_000, "b1": 400_000}, [100, 50], stream_key=account)
    events = [world.confirmed(order), world.returned(order, {1: (0, 40)})]
    told = told_of(account, order["id"], world.members["a1"])
    events += [make_event(f"customer.{what}.v1", data, account, sequence=data["version"]) for what, data in told]
    service = world.service
    await service.deliver(*events)
    own = await service.published("targets.order.credited.v1")
    await service.deliver(*own)
    first = await known(world)
    assert all(first.values()), [table for table, rows in first.items() if not rows]
    assert {(str(row["member_id"]), row["share"]) for row in first["kpi_share"]} == {
        (world.members["a1"], 600_000),
        (world.members["b1"], 400_000),
    }
    assert [row["amount"] for row in first["kpi_payment"]].count(-700) == 2
    assert (first["kpi_account"][0]["region"], first["kpi_opportunity"][0]["state"]) == ("CN-BJ", "won")
    assert sorted((row["step"], row["days_open"]) for row in first["kpi_case_step"]) == [
        *(("answered", 0), ("breached", 0), ("closed", 4), ("closed", 9), ("opened", 0), ("reopened", 5)),
    ]
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    again = [*events, *own]
    random.Random(1).shuffle(again)
    service.forget()
    await service.deliver(*again)
    assert await known(world) == first
    runtime = service.runtime
    await runtime.bus.start()
    await runtime.bus.ensure_topics([topic_of("customer"), topic_of("targets")])
    for name, said in (("customer", events), ("targets", own)):
        messages = [Message(key=one.key, value=one.data, headers=tuple(to_headers(one))) for one in said]
        await runtime.bus.publish(topic_of(name), messages)
    for name in PROJECTIONS:
        report = await rebuild(runtime.db, runtime.bus, service.subscriptions, name, swap=True)
        assert report.equal, report.as_dict()
    await runtime.bus.stop()
    assert await known(world) == first


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_steps_of_a_return_take_the_whole_margin(margin: int, steps: list[int]) -> None:
    ends = [sum(steps[:n]) for n in range(len(steps) + 1)]
    assert sum(margin_back(margin, ends[-1], *pair) for pair in pairwise(ends)) == margin
