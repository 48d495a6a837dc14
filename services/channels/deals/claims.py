"""Orders of deals: which of them win one, and what comes of it, less returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.records import change
from kit.redirects import Groups
from kit.work import Work
from services.channels.deals import repository
from services.channels.deals.enums import DealState
from services.channels.deals.models import Deal, DealOrderLine
from services.channels.deals.rules import counts
from services.channels.deals.service import hold_claims, resource
from services.channels.events_in import OrderHeard, OrderReturnedHeard
from services.channels.events_in.customer import AccountRedirectHeard
from services.channels.events_out.deals import DealWon
from services.channels.redirects import service as redirects


class Line(NamedTuple):
    """A line of an order: net in base currency as ordered, and what of it came back so far."""

    line_no: int
    net_base: int
    returned_net_base: int


class Bought(NamedTuple):
    """An order through a partner, and the event by which it may be a deal's."""

    order_id: UUID
    account_id: UUID | None
    partner_id: UUID
    deal_id: UUID | None
    order_date: date
    cause: Event
    lines: list[Line]


async def claim_orders(work: Work, confirmed: Sequence[Fact[OrderHeard]]) -> None:
    """Orders of partners: each is one deal's at most, the one that it names before one of the same end customer."""
    orders = {fact.data.id: fact for fact in confirmed if fact.data.partner_id is not None}
    if not orders:
        return
    # of all that came together, as whoever looks for conflicts in them does: nobody waits crosswise
    groups = await redirects.hold_accounts(work, {a for one in confirmed if (a := one.data.account_id) is not None})
    known = await repository.deals_of(work.tx, list(orders))
    bought = [_bought(fact) for order_id, fact in orders.items() if order_id not in known]
    await _claim(work, bought, groups)


async def claim_merged(work: Work, merged: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """What accounts have ordered that are one customer from now on may be a deal's on any of them: it does not matter
    which was heard of first, the order or the merge. Nobody decides meanwhile on claims on any of them."""
    await hold_claims(work, {each for one in merged for each in (one.data.survivor_id, one.data.merged_id)})
    for fact in merged:
        pair = {fact.data.survivor_id, fact.data.merged_id}
        groups = await redirects.hold_accounts(work, pair)
        orders: dict[UUID, Bought] = {}
        for row in await repository.unclaimed(work.tx, groups.everyone(pair)):
            one = Bought(row.order_id, row.account_id, row.partner_id, row.deal_id, row.order_date, fact.event, [])
            orders.setdefault(row.order_id, one).lines.append(Line(row.line_no, row.net_base, row.returned_net_base))
        await _claim(work, list(orders.values()), groups)


async def _claim(work: Work, orders: Sequence[Bought], groups: Groups) -> None:
    if not orders:
        return
    by_id = {one.order_id: one for one in orders}
    matches = await repository.matching(work.tx, [_asked(one, groups) for one in orders])
    deals = await repository.lock_deals(work.tx, list({match.deal_id for match in matches}))
    taken: dict[UUID, UUID] = {}
    for match in matches:
        order, deal = by_id[match.order_id], deals[match.deal_id]
        days = (deal.registered_on, deal.protected_until, order.order_date)
        if match.order_id not in taken and counts(deal.state, *days, is_named=match.is_named):
            taken[match.order_id] = match.deal_id
    for order in [one for one in orders if one.order_id in taken]:
        deal = deals[taken[order.order_id]]
        await repository.add_lines(work.tx, _lines(order, deal.id))
        if deal.state is not DealState.REGISTERED:
            deals[deal.id] = await win(work.caused_by(order.cause), deal, order.order_id)


async def take_back(work: Work, returned: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """What came back of orders of deals lowers what they have realised."""
    facts = {fact.data.id: fact for fact in sorted(returned, key=lambda fact: fact.data.version)}
    found = await repository.deals_of(work.tx, list(facts))
    if not found:
        return
    deals = await repository.lock_deals(work.tx, list(set(found.values())))
    lines = {
        (fact.data.id, line.line_no): line.returned_net_base_after
        for fact in sorted(returned, key=lambda fact: fact.data.version)
        for line in fact.data.returned_lines
        if fact.data.id in found
    }
    rows = [{"order_id": key[0], "line_no": key[1], "returned_net_base": back} for key, back in lines.items()]
    await repository.put_returned(work.tx, rows)
    for order_id, deal_id in found.items():
        if deals[deal_id].state is DealState.WON:
            deals[deal_id] = await win(work.caused_by(facts[order_id].event), deals[deal_id], order_id)


async def win(work: Work, before: Deal, order_id: UUID) -> Deal:
    """A locked deal is won by an order, or has realised more or less by it; nothing is said where nothing differs."""
    changes = {
        "state": DealState.WON,
        "won_order_id": before.won_order_id or order_id,
        "realised_base": await repository.realised(work.tx, before.id),
        "next_warning": None,
        "due_at": None,
    }
    return await change(work, resource(work, DealWon, order_id=order_id), before, changes, action="win")


def _bought(fact: Fact[OrderHeard]) -> Bought:
    order = fact.data
    assert order.partner_id is not None
    lines = [Line(line.line_no, line.net_base, 0) for line in order.lines]
    return Bought(order.id, order.account_id, order.partner_id, order.deal_id, order.order_date, fact.event, lines)


def _asked(order: Bought, groups: Groups) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "members": [] if order.account_id is None else groups.members(order.account_id),
        "partner_id": order.partner_id,
        "deal_id": order.deal_id,
        "order_date": order.order_date,
    }


def _lines(order: Bought, deal_id: UUID) -> list[DealOrderLine]:
    return [
        DealOrderLine(order_id=order.order_id, deal_id=deal_id, order_date=order.order_date, **line._asdict())
        for line in order.lines
    ]
