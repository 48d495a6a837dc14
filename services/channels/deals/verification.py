"""Shows that what deals have realised is what customer tells of their orders, that each deal stands where its orders
and its days leave it, and that no claim was taken on a customer that another had."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from kit.db.database import Tx
from kit.events.bus import EventBus
from kit.events.envelope import topic_of
from kit.events.verify import Check, Finding, read_all
from services.channels.deals import repository
from services.channels.deals.enums import DealState
from services.channels.deals.models import Deal, DealOrderLine
from services.channels.deals.rules import WINNABLE, counts
from services.channels.events_in import HEARD, OrderHeard, OrderReturnedHeard

_TYPES = ("customer.order.confirmed.v1", "customer.order.returned.v1")
_HAVE_NONE = (DealState.REJECTED, DealState.WITHDRAWN)
ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Order:
    """What customer's log says of an order through a partner: line -> (net, what of it came back)."""

    partner_id: UUID
    deal_id: UUID | None
    order_date: date
    confirmed_on: date
    lines: dict[int, tuple[int, int]] = field(default_factory=dict)


async def read_orders(known: Collection[UUID], bus: EventBus, gone: Collection[UUID]) -> dict[UUID, Order]:
    """What the log says of orders that are of a deal here, or that name one."""
    found: dict[UUID, Order] = {}
    async for event in read_all(bus, topic_of("customer"), _TYPES, without=gone):
        order = HEARD[event.type].model_validate(event.payload)
        if isinstance(order, OrderReturnedHeard):
            if (one := found.get(order.id)) is not None:
                for line in order.returned_lines:
                    net, back = one.lines.get(line.line_no, (0, 0))
                    one.lines[line.line_no] = (net, max(back, line.returned_net_base_after))
        elif isinstance(order, OrderHeard) and order.partner_id is not None and _matters(order, known):
            lines = {line.line_no: (line.net_base, 0) for line in order.lines}
            told = Order(order.partner_id, order.deal_id, order.order_date, event.time.date(), lines)
            found.setdefault(order.id, told)
    return found


def _matters(order: OrderHeard, known: Collection[UUID]) -> bool:
    return order.id in known or order.deal_id is not None


async def verify_deals(tx: Tx, told: dict[UUID, Order]) -> list[Finding]:
    """Findings on deals and their orders."""
    orders = Check("channels", "orders of deals are what customer tells of them")
    stands = Check("channels", "deals are won by the orders that count for them, and by no others")
    first = Check("channels", "of claims on one customer the first stands")
    lines = await repository.all_lines(tx)
    deals = {row.id: row async for row in repository.all_deals(tx)}
    of: dict[UUID, dict[UUID, list[DealOrderLine]]] = {}
    for order_id, some in groupby(lines, key=lambda line: line.order_id):
        own = list(some)
        _compare(order_id, own, told.get(order_id), deals, orders)
        of.setdefault(own[0].deal_id, {})[order_id] = own
    for deal in deals.values():
        stands.add(_stands(deal, of.get(deal.id, {}), told), f"deal {deal.number}")
    claimed = {order_id for some in of.values() for order_id in some}
    for order_id, one in told.items():
        named = deals.get(one.deal_id) if one.deal_id is not None else None
        if order_id not in claimed and named is not None and _must_count(named, one):
            stands.fault(f"order {order_id} names deal {named.number} and is none of it")
    for what in await repository.doubles(tx):
        first.fault(what)
    first.count = len(deals)
    return [check.finding() for check in (orders, stands, first)]


def _compare(
    order_id: UUID, own: list[DealOrderLine], one: Order | None, deals: dict[UUID, Deal], check: Check
) -> None:
    if one is None:
        check.fault(f"order {order_id} is a deal's and was never confirmed through a partner")
        return
    stored = {line.line_no: (line.net_base, line.returned_net_base) for line in own}
    is_one = len({(line.deal_id, line.order_date) for line in own}) == 1 and own[0].order_date == one.order_date
    is_theirs = deals[own[0].deal_id].partner_id == one.partner_id
    check.add(is_one and is_theirs and stored == one.lines, f"order {order_id}: {stored}, not {one.lines}")


def _stands(deal: Deal, orders: dict[UUID, list[DealOrderLine]], told: dict[UUID, Order]) -> bool:
    """Whether a deal is where its orders leave it."""
    if deal.state in _HAVE_NONE and orders:
        return False
    for order_id, lines in orders.items():
        is_named = order_id in told and told[order_id].deal_id == deal.id
        days = (deal.registered_on, deal.protected_until, lines[0].order_date)
        if not counts(deal.state, *days, is_named=is_named):
            return False
    if deal.state is not DealState.WON:
        return deal.realised_base == 0 and deal.won_order_id is None and (deal.state not in WINNABLE or not orders)
    realised = sum(line.net_base - line.returned_net_base for lines in orders.values() for line in lines)
    return deal.won_order_id in orders and deal.realised_base == realised


def _must_count(deal: Deal, one: Order) -> bool:
    """Whether an order counts for the deal that it names, however late it came and whatever was extended: one dated
    after its confirmation may have come before an extension."""
    if deal.state not in WINNABLE or deal.partner_id != one.partner_id or deal.protected_until is None:
        return False
    is_dated_on = one.order_date > one.confirmed_on + ONE_DAY
    return not is_dated_on and deal.registered_on <= one.order_date <= deal.protected_until
