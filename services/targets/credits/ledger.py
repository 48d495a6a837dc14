"""The credit ledger as a fold over the service's own facts; live and rebuild run the same fold."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.ids import derived_id
from services.targets.credits import repository
from services.targets.credits.models import CreditedOrder, CreditLineRow
from services.targets.events_out import CreditLine, OrderCredited

_OF_LINE = [name for name in CreditLine.model_fields if name in CreditLineRow.model_fields]


async def apply_credits(tx: Tx, facts: Sequence[Fact[OrderCredited]]) -> None:
    """Add credit facts to orders, buckets and lines."""
    orders: dict[UUID, CreditedOrder] = {}
    lines: list[CreditLineRow] = []
    for fact in facts:
        orders[fact.data.order_id] = _moved(orders.get(fact.data.order_id), fact)
        lines += _lines(fact)
    await repository.add_credits(tx, [order for _id, order in sorted(orders.items())], lines)


def _moved(order: CreditedOrder | None, fact: Fact[OrderCredited]) -> CreditedOrder:
    """What the facts of an order so far, and one more, add to it."""
    if order is None:
        shares = {str(member): share for member, share in fact.data.shares.items()}
        return CreditedOrder.model_validate({**fact.data.__dict__, "shares": shares, "sequence": fact.event.sequence})
    sums = {"sequence": max(order.sequence, fact.event.sequence), "amount": order.amount + fact.data.amount}
    if fact.event.sequence < order.sequence:
        return order.model_copy(update=sums)
    shares = {str(member): share for member, share in fact.data.shares.items()}
    return order.model_copy(update={**sums, "shares": shares, "reason": fact.data.reason})


def _lines(fact: Fact[OrderCredited]) -> list[CreditLineRow]:
    """The first line is checked; the others are copies of it with values that the fact has checked."""
    event, event_id = fact.event, str(fact.event.id)
    shared = {**fact.data.__dict__, "fact_id": event.id, "sequence": event.sequence, "recorded_at": event.time}
    lines: list[CreditLineRow] = []
    first: CreditLineRow | None = None
    for ordinal, line in enumerate(fact.data.lines):
        same = {name: getattr(line, name) for name in _OF_LINE}
        own = {**same, "id": derived_id(event_id, ordinal), "ordinal": ordinal}
        lines.append(first.model_copy(update=own) if first else CreditLineRow.model_validate({**shared, **own}))
        first = lines[0]
    return lines
