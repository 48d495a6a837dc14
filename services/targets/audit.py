"""Audit of the crediting: every decision derived again from the orders' events and the stored inputs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from kit.db.database import Database
from kit.events.audit import Finding, given_up, read_all
from kit.events.bus import EventBus
from kit.events.envelope import Event, topic_of
from services.targets.credits.repository import sum_ledger
from services.targets.credits.rules import LineAmount, ReturnedLine, reverse_lines, split_lines
from services.targets.events_in import OrderConfirmed, OrderReturned
from services.targets.events_out import OrderCredited
from services.targets.subscriptions import subscriptions

SERVICE = "targets"

Dimensions = tuple[str | None, str | None, str | None]
Standing = dict[tuple[UUID, int, UUID], tuple[list[UUID], Dimensions]]


@dataclass
class _Check:
    """Counts decisions and keeps the first that disagrees."""

    name: str
    count: int = 0
    wrong: int = 0
    first: str = ""

    def add(self, ok: bool, detail: str) -> None:
        self.count += 1
        if not ok:
            self.wrong += 1
            self.first = self.first or detail

    def finding(self) -> Finding:
        detail = f"{self.wrong} disagree, first: {self.first}" if self.wrong else ""
        return Finding(SERVICE, self.name, self.wrong == 0, self.count, detail)


@dataclass
class _Audit:
    facts: Mapping[UUID, list[OrderCredited]]
    once: _Check = field(default_factory=lambda: _Check("one credited fact per confirmed or returned order"))
    exact: _Check = field(default_factory=lambda: _Check("credit lines derived again are equal"))
    sums: _Check = field(default_factory=lambda: _Check("credit lines sum to the order's net amount"))

    def order(self, event: Event, order: OrderConfirmed | OrderReturned) -> None:
        """Check the decisions about one event."""
        found = self.facts.get(event.id, [])
        self.once.add(len(found) == 1, f"{event.type} {event.id} of order {order.id} has {len(found)}")
        if len(found) != 1:
            return
        (fact,) = found
        net = order.net_base if isinstance(order, OrderConfirmed) else order.return_net_base
        self.sums.add(sum(line.amount for line in fact.lines) == fact.amount == net, f"order {order.id}: {net}")
        self.exact.add(_derived(order) == _stored(fact) and _inputs_agree(order, fact), f"order {order.id}")


def _derived(order: OrderConfirmed | OrderReturned) -> Counter[tuple[int, str, int]]:
    shares = [(str(credit.member_id), credit.share) for credit in order.credits]
    if isinstance(order, OrderConfirmed):
        amounts = split_lines([LineAmount(line.line_no, line.net_base) for line in order.lines], shares)
    else:
        amounts = reverse_lines(
            [
                ReturnedLine(line.line_no, line.returned_net_base_before, line.returned_net_base_after)
                for line in order.returned_lines
            ],
            shares,
        )
    return Counter((item.line, item.member_id, item.amount) for item in amounts)


def _stored(fact: OrderCredited) -> Counter[tuple[int, str, int]]:
    return Counter((line.line_no, str(line.member_id), line.amount) for line in fact.lines)


def _inputs_agree(order: OrderConfirmed | OrderReturned, fact: OrderCredited) -> bool:
    """Shares, dates and (of a confirmation) the dimensions are those of the order."""
    returned = isinstance(order, OrderReturned)
    posting_date = order.return_date if isinstance(order, OrderReturned) else order.order_date
    given = {credit.member_id: credit.share for credit in order.credits}
    same = (
        fact.kind == ("returned" if returned else "confirmed")
        and (fact.order_date, fact.posting_date) == (order.order_date, posting_date)
        and (fact.order_id, fact.stream_key, fact.currency) == (order.id, order.stream_key, order.base_currency)
        and fact.shares == given
    )
    if not same or isinstance(order, OrderReturned):
        return same
    product_lines = {line.line_no: line.product_line for line in order.lines}
    return all(
        (line.product_line, line.region, line.customer_type)
        == (product_lines.get(line.line_no), order.region, order.customer_type)
        for line in fact.lines
    )


def _reversals(facts: Iterable[OrderCredited]) -> _Check:
    """A return takes from the unit path and dimensions where the credit stands; a correction moves and adds nothing."""
    check = _Check("reversals at the original unit and dimensions")
    standing: Standing = {}
    for fact in facts:
        if fact.kind == "corrected":
            check.add(fact.amount == sum(line.amount for line in fact.lines) == 0, f"order {fact.order_id}")
        for line in fact.lines:
            key = (fact.order_id, line.line_no, line.member_id)
            place = (line.unit_path, (line.product_line, line.region, line.customer_type))
            if fact.kind == "returned":
                check.add(standing.get(key) == place, f"order {fact.order_id} line {line.line_no}")
            standing[key] = place
    return check


async def audit(db: Database, bus: EventBus) -> list[Finding]:
    """Derive every credit decision again from the log of the orders; compare the ledger with the facts.

    Run it when nothing is on its way: what is not handled yet counts as missing.
    """
    facts: dict[UUID, list[OrderCredited]] = defaultdict(list)
    lines = amount = 0
    async for event in read_all(bus, topic_of(SERVICE), [OrderCredited.TYPE]):
        fact = OrderCredited.model_validate(event.payload)
        facts[fact.source_event_id].append(fact)
        lines, amount = lines + len(fact.lines), amount + sum(line.amount for line in fact.lines)
    run = _Audit(facts)
    heard: set[UUID] = set()
    types = (OrderConfirmed.TYPE, OrderReturned.TYPE)
    gone = await given_up(db, subscriptions.group)
    async for event in read_all(bus, topic_of("customer"), types, without=gone):
        heard.add(event.id)
        model = OrderConfirmed if event.type == OrderConfirmed.TYPE else OrderReturned
        run.order(event, model.model_validate(event.payload))
    ordered = [fact for group in facts.values() for fact in group]
    strays = [f for f in ordered if f.kind != "corrected" and f.source_event_id not in heard]
    run.once.add(not strays, f"{len(strays)} facts without an order's event")
    ledger = _Check("ledger and buckets hold what the facts say")
    async with db.snapshot() as tx:
        held = await sum_ledger(tx)
    ledger.add(held == ((lines, amount), (lines, amount)), f"facts {(lines, amount)}, lines and buckets {held}")
    return [check.finding() for check in (run.once, run.exact, run.sums, _reversals(ordered), ledger)]
