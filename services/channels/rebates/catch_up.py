"""Catching up: orders that were confirmed before a programme was published, out of `sales`, one accrual per event.

A step holds the lock of accruals alone, so what is read in it stands: an order or a return is in `sales` and was worked
by who heard it, or it will be worked later and finds what the step has done. Whatever both do is done once, by event
and programme.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.work import Work
from services.channels.conflicts import service as conflicts
from services.channels.events_in import OrderHeard, OrderReturnedHeard
from services.channels.events_in.customer import ReturnedLineHeard, SoldLineHeard
from services.channels.programmes import service as programmes
from services.channels.programmes.models import RebateProgramme
from services.channels.rebates import repository
from services.channels.rebates.models import SplitStep
from services.channels.rebates.service import count_orders, split_in, splits_at, take_back
from services.channels.sales import service as sales
from services.channels.sales.models import OrdersAsked, Place, SaleReturn, SoldOrder

STEP: Final = 500
"""So many orders are a step: accruals of others wait that long."""
NO_ID: Final = UUID(int=0)
START: Final = Place(NO_ID, date.min, NO_ID)
DIRECT: Final = Place(None, date.min, NO_ID)
"""Where orders of no partner begin, which others may share."""


async def catch_up_some(work: Work, programme_id: UUID, after: Place, limit: int) -> tuple[Place | None, int]:
    """Accrue the orders that follow a place, with what came back of them: the last place (None: there are no more), and
    how many orders there were."""
    await programmes.hold_accruals(work)
    programme = await programmes.require_programme(work, programme_id)
    accounts = sorted(await conflicts.accounts_with_splits(work))
    asked = OrdersAsked(programme.valid_from, programme.valid_to, programme.partner_ids, accounts)
    orders = await sales.next_orders(work, asked, after, limit)
    await _count(work, programme, orders)
    if orders:
        last = orders[-1]
        return Place(last.partner_id, last.order_date, last.order_id), len(orders)
    return (None if after.partner_id is None else DIRECT), 0


async def _count(work: Work, programme: RebateProgramme, orders: list[SoldOrder]) -> None:
    if not orders:
        return
    splits = await _splits(work, orders)
    facts = {one.order_id: _confirmed(one, work.base_currency) for one in orders}
    versions = (await programmes.lineages_of(work, [programme.id]))[programme.id]
    await count_orders(work, list(facts.values()), [versions], splits, programme.id)
    returns = await sales.returns_of(work, list(facts))
    await take_back(work, [_returned(one, facts[one.order_id].data) for one in returns], programme.id)


async def _splits(work: Work, orders: list[SoldOrder]) -> dict[UUID, SplitStep | None]:
    """How partners share orders: as they have accrued already, else by what had been decided when they came."""
    shared = await repository.splits_of(work.tx, [one.order_id for one in orders])
    known = {one.order_id: split_in(one.split) for one in shared}
    asked = [
        conflicts.Bought(one.order_id, one.account_id, one.order_date)
        for one in orders
        if one.account_id is not None and one.order_id not in known
    ]
    return known | await splits_at(work, asked, {one.order_id: one.confirmed_at for one in orders})


def _confirmed(one: SoldOrder, currency: str) -> Fact[OrderHeard]:
    """The confirmation of an order, as far as it counts."""
    lines = [
        SoldLineHeard(line_no=line.line_no, product_line=line.product_line, net_base=line.net_base)
        for line in one.lines
    ]
    order = OrderHeard(
        id=one.order_id,
        version=1,
        partner_id=one.partner_id,
        order_date=one.order_date,
        base_currency=currency,
        lines=lines,
        account_id=one.account_id,
    )
    return Fact(_event(one.confirmed_event_id, "customer.order.confirmed.v1", one.order_id, one.confirmed_at), order)


def _returned(one: SaleReturn, order: OrderHeard) -> Fact[OrderReturnedHeard]:
    """A return of an order, as far as it counts."""
    lines = [
        ReturnedLineHeard(
            line_no=line.line_no,
            product_line=line.product_line,
            net_base=line.net_base,
            returned_after=0,
            returned_net_base_after=0,
        )
        for line in one.lines
    ]
    returned = OrderReturnedHeard(**dict(order), return_date=one.return_date, returned_lines=lines)
    return Fact(_event(one.event_id, "customer.order.returned.v1", one.order_id, one.returned_at), returned)


def _event(event_id: UUID, kind: str, order_id: UUID, time: datetime) -> Event:
    """The cause of an accrual; what it said is in `sales`."""
    return Event(
        id=event_id,
        type=kind,
        source="/crmesh/customer",
        subject=str(order_id),
        time=time,
        key=str(order_id),
        sequence=0,
        data=b"",
    )
