"""Every confirmed order has exactly one reservation of its placement in risk's log, and was confirmed once; every order
has the owner of its account (unless a job is still on its way)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from kit.db.database import Database, Tx
from kit.events.bus import EventBus
from kit.events.envelope import topic_of
from kit.events.verify import Check, Finding, at_one_moment, read_all
from services.customer.orders.repository import confirmed_placements
from services.customer.ownership.repository import count_behind

Decided = tuple[str, int]


async def verify(db: Database, bus: EventBus) -> list[Finding]:
    """Compare the orders with risk's answers and with the own log; the system should be settled."""
    async with at_one_moment(db) as tx:
        orders: set[Decided] = await confirmed_placements(tx)
        owned = await _owned(tx)
    reserved = _compare(
        "confirmed orders have one reservation of their placement",
        orders,
        await _count(bus, "risk", "risk.credit.reserved.v1", "order_id"),
    )
    announced = await _count(bus, "customer", "customer.order.confirmed.v1", "id")
    return [
        owned,
        reserved,
        _compare("confirmed orders were announced once", orders, announced),
        _compare("announced confirmations stand in the orders", announced.keys(), Counter(orders)),
    ]


async def _owned(tx: Tx) -> Finding:
    check = Check("customer", "orders have the owner of their account")
    check.count, behind = await count_behind(tx)
    for order in behind:
        check.fault(f"order {order}")
    return check.finding()


async def _count(bus: EventBus, service: str, event_type: str, order_field: str) -> Counter[Decided]:
    found: Counter[Decided] = Counter()
    async for event in read_all(bus, topic_of(service), {event_type}):
        found[str(event.payload.get(order_field)), event.payload.get("placement", 0)] += 1  # a forged one is found
    return found


def _compare(name: str, decided: Collection[Decided], answers: Counter[Decided]) -> Finding:
    check = Check("customer", name)
    for order, placement in decided:
        count = answers[order, placement]
        check.add(count == 1, f"order {order} placement {placement}: {count}")
    return check.finding()
