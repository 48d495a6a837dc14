"""Every confirmed order has exactly one reservation of its placement in risk's log, and was confirmed once; what was
booked for returns and money follows from the own log, and leaves nothing owed of what is settled. Payments hold what
orders are paid. Every order has the owner of its account, unless a job is still on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from kit.db.database import Database, Tx
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from kit.events.verify import Check, Finding, at_one_moment, read_all
from kit.money import ratio
from services.customer.events_out import (
    OrderConfirmed,
    OrderReturned,
    PaymentAllocated,
    PaymentReceived,
    PaymentRefunded,
    PaymentVoided,
)
from services.customer.orders.repository import all_settled, confirmed_placements
from services.customer.orders.settling import booking
from services.customer.ownership.repository import CARRIERS, count_behind
from services.customer.payments.repository import off_balance

Decided = tuple[str, int]
_SAID = {
    model.TYPE: model
    for model in (OrderConfirmed, OrderReturned, PaymentReceived, PaymentAllocated, PaymentRefunded, PaymentVoided)
}
_CONFIRMED, _RETURNED = "customer.order.confirmed.v1", "customer.order.returned.v1"
_PAID = frozenset({"customer.payment.received.v1", "customer.payment.allocated.v1"})


async def verify(db: Database, bus: EventBus) -> list[Finding]:
    """Compare the orders with risk's answers and with the own log; the system should be settled."""
    booked = Check("customer", "returns and payments are booked by their rule")
    said = await _settled(bus, booked)
    async with at_one_moment(db) as tx:
        orders: set[Decided] = await confirmed_placements(tx)
        owned, paid = await _owned(tx), await _paid(tx)
        stands = Check("customer", "orders stand as their returns and payments say", len(said))
        async for row in all_settled(tx):
            order = said.pop(str(row.id), None) or Settled(row.gross, row.gross_base)
            found, expected = tuple(row[1:]), order.sums()
            if found != expected:
                stands.fault(f"order {row.id}: {found} instead of {expected}")
            _note(str(row.id), order, stands)
        for order_id in said:
            stands.fault(f"order {order_id} is not confirmed")
    reserved = _compare(
        "confirmed orders have one reservation of their placement",
        orders,
        await _count(bus, "risk", "risk.credit.reserved.v1", "order_id"),
    )
    announced = await _count(bus, "customer", _CONFIRMED, "id")
    return [
        owned,
        paid,
        reserved,
        _compare("confirmed orders were announced once", orders, announced),
        _compare("announced confirmations stand in the orders", announced.keys(), Counter(orders)),
        booked.finding(),
        stands.finding(),
    ]


async def _owned(tx: Tx) -> Finding:
    check = Check("customer", "rows carry the owner of their account")
    for table in CARRIERS:
        count, behind = await count_behind(tx, table)
        check.count += count
        for row in behind:
            check.fault(f"{table} {row}")
    return check.finding()


async def _paid(tx: Tx) -> Finding:
    check = Check("customer", "orders are paid what payments hold for them")
    for one in await off_balance(tx):
        check.fault(f"order or payment {one}")
    return check.finding()


@dataclass(slots=True)
class Settled:
    """What of an order is settled, as the log says."""

    gross: int
    gross_base: int
    returned: int = 0
    returned_base: int = 0
    paid: int = 0
    paid_base: int = 0

    def sums(self) -> tuple[int, ...]:
        """As the order's own rows have them."""
        return self.gross, self.gross_base, self.returned, self.returned_base, self.paid, self.paid_base

    def book_return(self, amount: int, base: int | None, gross_base: int) -> bool:
        """Whether a return of `amount` is booked right; one without `base` is of release 0.1.0."""
        right = base is None or base == booking(self, amount)
        self.returned += amount
        self.returned_base += gross_base if base is None else base
        return right

    def book_money(self, amount: int, base: int) -> bool:
        """Whether `amount` paid (negative: refunded) is booked right, by the rule or by that of release 0.1.0."""
        right = base in (booking(self, amount), self._first_rule(amount))
        self.paid += amount
        self.paid_base += base
        return right

    def _first_rule(self, amount: int) -> int:
        """Half-even, of what is paid alone."""
        if not self.gross:
            return 0
        after, before = (ratio(self.gross_base, paid, self.gross) for paid in (self.paid + amount, self.paid))
        return after - before


async def _settled(bus: EventBus, check: Check) -> dict[str, Settled]:
    """Confirmed orders with what was booked for their returns and payments, each held against the rule."""
    orders: dict[str, Settled] = {}
    async for event in read_all(bus, topic_of("customer"), tuple(_SAID)):
        if not _is_as_agreed(event):
            continue
        if event.type == _CONFIRMED:
            orders[event.payload["id"]] = Settled(event.payload["gross"], event.payload["gross_base"])
            continue
        for order_id, is_right in _booked(event, orders):
            check.add(is_right, f"order {order_id}, {event.type} {event.id}")
    return orders


def _is_as_agreed(event: Event) -> bool:
    """Whether the body is one that customer says; a forged one is taken by nobody."""
    try:
        _SAID[event.type].model_validate(event.payload)
    except ValidationError:
        return False
    return True


def _booked(event: Event, orders: dict[str, Settled]) -> Iterator[tuple[str, bool]]:
    """The orders that an event of a return or of money settles, and whether it books that right."""
    said: dict[str, Any] = event.payload
    if event.type == _RETURNED:
        order = orders.get(said["id"])
        base, gross_base = said.get("settled_base"), -said["return_gross_base"]
        yield said["id"], order is not None and order.book_return(-said["return_gross"], base, gross_base)
        return
    sign = 1 if event.type in _PAID else -1
    for part in said["allocations"]:
        order = orders.get(part["order_id"])
        is_right = order is not None and order.book_money(sign * part["amount"], sign * part["amount_base"])
        yield part["order_id"], is_right


def _note(order_id: str, order: Settled, check: Check) -> None:
    """Cents that release 0.1.0 left owed of an order that is settled: a ledger is never rewritten."""
    rest = order.gross_base - order.returned_base - order.paid_base
    if order.returned + order.paid == order.gross and rest:
        check.note(f"order {order_id}: {rest}")


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
