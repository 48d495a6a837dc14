"""Whether a line is of a new product: decided with its order, or once when the product is first heard of.

Crediting holds the products that it does not know shared, hearing of a product holds it alone: whichever comes first,
no line stays marked for a product that is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from kit.events.handlers import Fact
from kit.ids import derived_id
from kit.work import Work
from services.targets.credits import repository
from services.targets.credits.enums import CreditKind, Measure
from services.targets.credits.measures import is_new, said_of
from services.targets.credits.models import CreditedOrder, UnlaunchedLine
from services.targets.credits.posting import Decided, post
from services.targets.credits.repository import Standing, Step
from services.targets.credits.rules import RULE
from services.targets.credits.splits import split_anew
from services.targets.events_in import OrderConfirmed
from services.targets.events_in.channels import ProductHeard
from services.targets.events_out import CreditLine, OrderCredited
from services.targets.products import service as products

Launches = Mapping[str, date | None]
"""The launch dates of products that are known, by stock keeping unit."""


async def launches_of(work: Work, orders: Sequence[OrderConfirmed]) -> Launches:
    """Launch dates of what is sold; until the commit nobody decides about those that are not known."""
    wanted = {line.sku for order in orders for line in order.lines if line.sku}
    known = await products.launches_of(work, wanted)
    if missing := wanted - known.keys():
        await repository.hold_skus(work.tx, missing, alone=False)
        known |= await products.launches_of(work, missing)
    return known


async def mark_unlaunched(work: Work, orders: Sequence[OrderConfirmed], launches: Launches) -> None:
    """Keep the lines whose product nobody has told of."""
    unknown = [
        UnlaunchedLine(order_id=order.id, line_no=line.line_no, sku=line.sku)
        for order in orders
        for line in order.lines
        if line.sku and line.sku not in launches
    ]
    await repository.add_unlaunched(work.tx, sorted(unknown, key=lambda one: (one.order_id, one.line_no)))


async def decide_launches(work: Work, heard: Sequence[Fact[ProductHeard]]) -> None:
    """Credit what was sold of products that are new and were not known: each step of an order on its own posting date,
    where the credit stands now."""
    latest = {fact.data.sku: fact for fact in sorted(heard, key=lambda fact: fact.data.version)}
    await repository.hold_skus(work.tx, latest, alone=True)
    waiting: dict[str, dict[UUID, set[int]]] = defaultdict(lambda: defaultdict(set))
    for line in await repository.take_unlaunched(work.tx, latest):
        waiting[line.sku][line.order_id].add(line.line_no)
    for sku in sorted(waiting):
        await _decide(work.caused_by(latest[sku].event), latest[sku].data.launch_date, waiting[sku])


async def _decide(work: Work, launched_on: date | None, waiting: Mapping[UUID, set[int]]) -> None:
    assert work.cause is not None, "a product is the cause"
    await repository.lock_members(work.tx, await repository.list_sharers(work.tx, waiting.keys()))
    orders = await repository.lock_orders(work.tx, waiting.keys())
    new = {order_id: one for order_id, one in orders.items() if is_new(launched_on, one.order_date)}
    standing = await repository.list_standing(work.tx, new.keys())
    steps = await repository.list_steps(work.tx, new.keys())
    decided: list[Decided] = []
    for order_id, order in new.items():
        own = [
            Step(*step[:5], amount=0, new_product=step.amount)
            for step in steps
            if step.order_id == order_id and step.line_no in waiting[order_id]
        ]
        shares = {UUID(member): share for member, share in order.shares.items()}
        sequence = order.sequence
        channel_id = next((row.channel_id for row in standing[order_id].values()), None)
        for day, measured in split_anew(order_id, own, shares).items():
            cells = measured.get(Measure.NEW_PRODUCT, {})
            if lines := [_line(standing[order_id][key], amount) for key, amount in cells.items() if amount]:
                sequence += 1
                source = derived_id(work.cause.id, order_id, day)
                decided.append((work, sequence, _fact(source, order, day, lines, channel_id)))
    await post(work, decided)


def _line(place: Standing, amount: int) -> CreditLine:
    return CreditLine(
        line_no=place.line_no,
        member_id=place.member_id,
        unit_path=list(place.unit_path),
        product_line=place.product_line,
        region=place.region,
        customer_type=place.customer_type,
        **said_of({Measure.NEW_PRODUCT: amount}),
    )


def _fact(
    source: UUID, order: CreditedOrder, day: date, lines: list[CreditLine], channel: UUID | None
) -> OrderCredited:
    said = {"kind": CreditKind.CORRECTED, "posting_date": day, "lines": lines, "source_event_id": source, "rule": RULE}
    more = {name: value for name, value in (("reason", order.reason), ("channel_id", channel)) if value is not None}
    return OrderCredited.of(order, **said, amount=0, **more)
