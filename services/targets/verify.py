"""Shows that every crediting decision follows from the orders' events and the stored inputs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Database
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from kit.events.verify import Check, Finding, at_one_moment, given_up, partitions_of, read_all
from services.targets.credits.repository import Sums, sum_ledger
from services.targets.credits.rules import LineAmount, ReturnedLine, reverse_lines, split_lines
from services.targets.events_in import OrderConfirmed, OrderReturned
from services.targets.events_out import CreditLine, OrderCredited
from services.targets.subscriptions import subscriptions

SERVICE = "targets"

Order = OrderConfirmed | OrderReturned
Standing = dict[tuple[UUID, int, UUID], tuple[object, ...]]
"""Where the credit of an order, line and member stands: unit path and dimensions of its newest line."""


class _Run:
    def __init__(self) -> None:
        self.once = Check(SERVICE, "one credited fact per confirmed or returned order")
        self.exact = Check(SERVICE, "credit lines derived again are equal")
        self.sums = Check(SERVICE, "credit lines sum to the order's net amount")
        self.reversals = Check(SERVICE, "reversals at the original unit and dimensions")
        self.lines = self.amount = 0

    def fact(self, fact: OrderCredited, standing: Standing) -> None:
        """A return takes from the place where the credit stands (`standing`, moved on); a correction adds nothing."""
        amount = sum(line.amount for line in fact.lines)
        self.lines, self.amount = self.lines + len(fact.lines), self.amount + amount
        if fact.kind == "corrected":
            self.reversals.add(fact.amount == amount == 0, f"order {fact.order_id}")
        for line in fact.lines:
            key = (fact.order_id, line.line_no, line.member_id)
            place = (line.unit_path, *_dimensions(line))
            if fact.kind == "returned":
                self.reversals.add(standing.get(key) == place, f"order {fact.order_id} line {line.line_no}")
            standing[key] = place

    def order(self, event: Event, found: Sequence[bytes]) -> None:
        """Check the facts about one event of an order."""
        model = OrderConfirmed if event.type == OrderConfirmed.TYPE else OrderReturned
        order: Order = model.model_validate(event.payload)
        self.once.add(len(found) == 1, f"{event.type} {event.id} of order {order.id} has {len(found)}")
        if len(found) == 1:
            fact = OrderCredited.model_validate_json(found[0])
            net = order.net_base if isinstance(order, OrderConfirmed) else order.return_net_base
            self.sums.add(sum(line.amount for line in fact.lines) == fact.amount == net, f"order {order.id}: {net}")
            stored = Counter((line.line_no, str(line.member_id), line.amount) for line in fact.lines)
            self.exact.add(_derived(order) == stored and _inputs_agree(order, fact), f"order {order.id}")


def _dimensions(line: CreditLine) -> tuple[str | None, str | None, str | None]:
    return line.product_line, line.region, line.customer_type


def _derived(order: Order) -> Counter[tuple[int, str, int]]:
    shares = [(str(one.member_id), one.share) for one in order.credits]
    if isinstance(order, OrderConfirmed):
        amounts = split_lines([LineAmount(line.line_no, line.net_base) for line in order.lines], shares)
    else:
        steps = [
            ReturnedLine(line.line_no, line.returned_net_base_before, line.returned_net_base_after)
            for line in order.returned_lines
        ]
        amounts = reverse_lines(steps, shares)
    return Counter((item.line, item.member_id, item.amount) for item in amounts)


def _inputs_agree(order: Order, fact: OrderCredited) -> bool:
    """Shares, dates and (of a confirmation) the dimensions are those of the order."""
    shares = {one.member_id: one.share for one in order.credits}
    said = (fact.order_id, fact.stream_key, fact.currency, fact.order_date, fact.shares, fact.kind, fact.posting_date)
    heard = (order.id, order.stream_key, order.base_currency, order.order_date, shares)
    if isinstance(order, OrderReturned):
        return said == (*heard, "returned", order.return_date)
    product_lines = {line.line_no: line.product_line for line in order.lines}
    return said == (*heard, "confirmed", order.order_date) and all(
        _dimensions(line) == (product_lines.get(line.line_no), order.region, order.customer_type) for line in fact.lines
    )


async def verify(db: Database, bus: EventBus) -> list[Finding]:
    """Derive every credit decision again from the log of the orders; compare the ledger with the facts.

    Facts have the key of their order, so both logs are read a partition at a time: in memory are the facts of one.
    Run it when nothing is on its way: what is not handled yet counts as missing.
    """
    run, own, theirs = _Run(), topic_of(SERVICE), topic_of("customer")
    gone = await given_up(db, subscriptions.lane("core").group)
    for number in await partitions_of(bus, own, theirs):
        facts: dict[UUID, list[bytes]] = defaultdict(list)
        standing: Standing = {}
        async for event in read_all(bus, own, [OrderCredited.TYPE], number=number):
            fact = OrderCredited.model_validate(event.payload)
            run.fact(fact, standing)
            if fact.kind != "corrected":
                facts[fact.source_event_id].append(event.data)
        types = (OrderConfirmed.TYPE, OrderReturned.TYPE)
        async for event in read_all(bus, theirs, types, without=gone, number=number):
            run.order(event, facts.pop(event.id, ()))
        for cause, strays in facts.items():
            run.once.fault(f"{len(strays)} of event {cause}, which is no order's")
    ledger = Check(SERVICE, "ledger and buckets hold what the facts say")
    async with at_one_moment(db) as tx:
        held = await sum_ledger(tx)
    ledger.add(held == Sums(run.lines, run.amount, run.lines, run.amount), f"facts {run.lines, run.amount}, {held}")
    return [check.finding() for check in (run.once, run.exact, run.sums, run.reversals, ledger)]
