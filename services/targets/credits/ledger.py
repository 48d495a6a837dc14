"""The credit ledger as a fold over the service's own facts; live and rebuild run the same fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from kit.db.database import Tx
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.ids import derived_id
from services.targets.credits import repository
from services.targets.credits.enums import MEASURES, Measure
from services.targets.credits.models import CreditedOrder, CreditLineRow
from services.targets.events_out import CreditLine, OrderCredited, ResultCredited

TABLES = ("credited_order", "credit_label", *repository.KEYS, "credit_line")
"""Tables of the ledger, in the order in which they are written."""

Credited = OrderCredited | ResultCredited
Said = TypeVar("Said", bound=OrderCredited | ResultCredited)

_PLACE = [
    name for name in CreditLine.model_fields if name in CreditLineRow.model_fields and name not in frozenset(MEASURES)
]
_COUNTED = [name.value for name in MEASURES if name not in (Measure.MARGIN, Measure.COSTED_NET)]


async def apply_credits(tx: Tx, facts: Sequence[Fact[Said]]) -> None:
    """Add credit facts to orders, buckets and lines; only a fact about an order itself changes whose the order is."""
    orders: dict[UUID, CreditedOrder] = {}
    lines: list[CreditLineRow] = []
    for fact in facts:
        if isinstance(fact.data, OrderCredited):
            orders[fact.data.order_id] = _moved(orders.get(fact.data.order_id), fact.event.sequence, fact.data)
        lines += _lines(fact.event, fact.data)
    await repository.add_credits(tx, [order for _id, order in sorted(orders.items())], lines)


def _moved(order: CreditedOrder | None, sequence: int, said: OrderCredited) -> CreditedOrder:
    """What the facts of an order so far, and one more, add to it."""
    shares = {str(member): share for member, share in said.shares.items()}
    if order is None:
        return CreditedOrder.model_validate({**said.__dict__, "shares": shares, "sequence": sequence})
    sums = {"sequence": max(order.sequence, sequence), "amount": order.amount + said.amount}
    if sequence < order.sequence:
        return order.model_copy(update=sums)
    return order.model_copy(update={**sums, "shares": shares, "reason": said.reason})


def _lines(event: Event, said: Credited) -> list[CreditLineRow]:
    """The first line is checked; the others are copies of it with values that the fact has checked."""
    event_id = str(event.id)
    shared = {**said.__dict__, "fact_id": event.id, "sequence": event.sequence, "recorded_at": event.time}
    if isinstance(said, OrderCredited):
        begin = 0
    else:
        begin = said.source_ordinal
        shared["order_date"] = said.order_date or said.posting_date
    lines: list[CreditLineRow] = []
    first: CreditLineRow | None = None
    for number, line in enumerate(said.lines):
        same = {name: getattr(line, name) for name in _PLACE} | measures_of(line)
        own = {**same, "id": derived_id(event_id, number), "ordinal": begin + number}
        lines.append(first.model_copy(update=own) if first else CreditLineRow.model_validate({**shared, **own}))
        first = lines[0]
    return lines


def measures_of(line: CreditLine) -> dict[str, int | None]:
    """All measures of a line: what is left out is 0, and a margin that is left out is not known."""
    known: dict[str, int | None] = {name: getattr(line, name) or 0 for name in _COUNTED}
    costed = line.costed_net
    if costed is None:
        costed = 0 if line.margin is None else line.amount
    known["margin"], known["costed_net"] = line.margin, costed
    return known
