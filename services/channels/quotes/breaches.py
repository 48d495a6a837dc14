"""Lines of confirmed orders that are sold under their floors, whoever agreed: said once, for whoever watches them.

Most orders have none: only lines under the highest least markup of any book are looked at closely.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from uuid import UUID

from kit.events import outbox
from kit.events.handlers import Fact
from kit.ids import derived_id
from kit.work import Work
from services.channels.events_in.customer import OrderHeard, SoldLineHeard
from services.channels.events_out.prices import PriceFloorBreached
from services.channels.price_approvals import service as approvals
from services.channels.price_books import standings as prices
from services.channels.price_books.pricing import line_floor
from services.channels.quotes import repository
from services.channels.quotes.floors import Sold, SoldLine, buyer_of, markups_of
from services.channels.quotes.models import PriceFloorBreach

ONE = Fraction(1)


async def say_breaches(work: Work, confirmed: Sequence[Fact[OrderHeard]]) -> None:
    """Say each line that is under its floor, by the cost that its order names; gifts are given, not sold."""
    costed = [fact for fact in confirmed if any(line.unit_cost_base is not None for line in fact.data.lines)]
    if not costed:
        return
    highest = await prices.highest_markup(work)
    gifts = await repository.gift_lines(work.tx, {one for fact in costed if (one := fact.data.quote_id) is not None})
    for fact in costed:
        low = [
            line
            for line in fact.data.lines
            if line.net_base < _floor(line, highest) and (fact.data.quote_id, line.line_no) not in gifts
        ]
        if low:
            await _say(work.caused_by(fact.event), fact, low)


def _floor(line: SoldLineHeard, markup: int) -> int:
    """The least net of a line in base currency; of one without a known cost none."""
    return line_floor(line.unit_cost_base or 0, line.quantity or 0, markup, ONE)


async def _say(work: Work, fact: Fact[OrderHeard], low: Sequence[SoldLineHeard]) -> None:
    order = fact.data
    if order.account_id is None:
        return
    sold = Sold(
        account_id=order.account_id,
        partner_id=order.partner_id,
        channel_id=order.channel_id,
        currency=order.currency or order.base_currency,
        exchange_rate=order.exchange_rate or "1",
        day=order.order_date,
        placed_by=order.placed_by,
        lines=[SoldLine(line.line_no, line.sku or "", line.quantity or 0, _net(line)) for line in low],
    )
    buyer = await buyer_of(work, sold)
    costs = {line.sku: line.unit_cost_base for line in low if line.sku is not None and line.unit_cost_base is not None}
    markups = await markups_of(work, sold, buyer, costs)
    approved = await approvals.approvals_of(
        work, sorted(costs), sold.currency, sold.day, buyer.also, sold.partner_id, but_by=sold.placed_by or ""
    )
    under = [line for line in low if line.net_base < _floor(line, markups.get(line.sku or "", 0))]
    rows = [PriceFloorBreach(order_id=order.id, line_no=line.line_no, source_event_id=fact.event.id) for line in under]
    new = await repository.add_breaches(work.tx, rows)
    said = []
    for line in [line for line in under if (order.id, line.line_no) in new]:
        approval = approved.get(line.sku or "")
        is_covered = approval is not None and _net(line) >= approval.min_unit_net * (line.quantity or 0)
        covered_by = approval.id if approval is not None and is_covered else None
        said.append((_breached(work, fact, line, _floor(line, markups.get(line.sku or "", 0)), covered_by), 1))
    await outbox.say(work, said)


def _breached(
    work: Work, fact: Fact[OrderHeard], line: SoldLineHeard, floor: int, approval_id: UUID | None
) -> PriceFloorBreached:
    order = fact.data
    assert order.account_id is not None
    breach_id = derived_id("price_floor_breach", order.id, line.line_no)
    return PriceFloorBreached(
        id=breach_id,
        stream_key=order.partner_id or breach_id,
        order_id=order.id,
        order_date=order.order_date,
        account_id=order.account_id,
        partner_id=order.partner_id,
        channel_id=order.channel_id,
        owner_id=order.owner_id,
        line_no=line.line_no,
        sku=line.sku or "",
        quantity=line.quantity or 0,
        net_base=line.net_base,
        floor_base=floor,
        currency=order.base_currency,
        approval_id=approval_id,
        source_event_id=fact.event.id,
        business_date=work.today,
    )


def _net(line: SoldLineHeard) -> int:
    """The net of a line in the order's currency; where that is not told, in base currency."""
    if line.unit_price is None or line.quantity is None:
        return line.net_base
    return line.unit_price * line.quantity - (line.discount or 0)
