"""Orders of deals: which of them win one, and what comes of it, less returns."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.events.handlers import Fact
from kit.records import change
from kit.work import Work
from services.channels.deals import repository
from services.channels.deals.enums import DealState
from services.channels.deals.models import Deal, DealOrderLine
from services.channels.deals.rules import counts
from services.channels.deals.service import resource
from services.channels.events_in import OrderHeard, OrderReturnedHeard
from services.channels.events_out.deals import DealWon


async def claim_orders(work: Work, confirmed: Sequence[Fact[OrderHeard]]) -> None:
    """Orders of partners: each is one deal's at most, the one that it names before one of the same end customer."""
    orders = {fact.data.id: fact for fact in confirmed if fact.data.partner_id is not None}
    if not orders:
        return
    known = await repository.deals_of(work.tx, list(orders))
    orders = {order_id: fact for order_id, fact in orders.items() if order_id not in known}
    matches = await repository.matching(work.tx, [_asked(fact.data) for fact in orders.values()])
    deals = await repository.lock_deals(work.tx, list({match.deal_id for match in matches}))
    taken: dict[UUID, UUID] = {}
    for match in matches:
        order, deal = orders[match.order_id].data, deals[match.deal_id]
        days = (deal.registered_on, deal.protected_until, order.order_date)
        if match.order_id not in taken and counts(deal.state, *days, is_named=match.is_named):
            taken[match.order_id] = match.deal_id
    for fact in [fact for order_id, fact in orders.items() if order_id in taken]:
        deal = deals[taken[fact.data.id]]
        await repository.add_lines(work.tx, _lines(fact.data, deal.id))
        if deal.state is not DealState.REGISTERED:
            deals[deal.id] = await win(work.caused_by(fact.event), deal, fact.data.id)


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


def _asked(order: OrderHeard) -> dict[str, object]:
    return {
        "order_id": order.id,
        "account_id": order.account_id,
        "partner_id": order.partner_id,
        "deal_id": order.deal_id,
        "order_date": order.order_date,
    }


def _lines(order: OrderHeard, deal_id: UUID) -> list[DealOrderLine]:
    return [
        DealOrderLine(
            order_id=order.id,
            line_no=line.line_no,
            deal_id=deal_id,
            order_date=order.order_date,
            net_base=line.net_base,
            returned_net_base=0,
        )
        for line in order.lines
    ]
