"""Collected cash: what payments allocate to orders is credited where the orders' credit stands.

Members and days are the order's: cash takes no part in memberships. Accounts are held before orders are locked, as
everywhere. What is allocated to an order that is not credited is kept until it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.work import Work
from services.targets.credits.models import CreditedOrder
from services.targets.credits.posting import Decided, post, sequences_of
from services.targets.credits.rules import RULE, Cells
from services.targets.credits.splits import hold_accounts
from services.targets.events_in.customer import (
    PaymentHeard,
    PaymentReceivedHeard,
    PaymentRefundedHeard,
    PaymentVoidedHeard,
)
from services.targets.events_out import CreditLine, ResultCredited
from services.targets.results import repository
from services.targets.results.enums import CashKind
from services.targets.results.models import OrderCash
from services.targets.results.repository import Place
from services.targets.results.rules import collect, weights_of

PAYMENTS = tuple(f"customer.payment.{step}.v1" for step in ("received", "allocated", "refunded", "voided"))
Step = tuple[Work, OrderCash]
"""What an event allocates to an order, and the work that it is decided by."""


@dataclass(slots=True)
class CashBook:
    """The cash of an order as it becomes step by step, and by what it goes."""

    order: CreditedOrder
    places: Mapping[tuple[int, UUID], Place]
    weights: Mapping[int, int]
    whole: int
    cells: Cells
    by_payment: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def shares(self) -> dict[UUID, int]:
        """Whose the order is now."""
        return {UUID(member): share for member, share in self.order.shares.items()}

    def move(self, payment_id: UUID, amount: int) -> Cells:
        """What a payment moves; never more goes back than was credited of it."""
        step = max(amount, -self.by_payment[payment_id])
        total = sum(self.cells.values()) + step
        moved = collect(self.order.order_id, self.weights, self.shares, self.cells, total, self.whole)
        for key, cell in moved.items():
            self.cells[key] = self.cells.get(key, 0) + cell
        self.by_payment[payment_id] += step
        return moved


def allocated(event: Event, data: PaymentHeard) -> list[OrderCash]:
    """What an event of a payment allocates, order by order; taken back is below 0."""
    kind, sign, payment_id = CashKind.PAID, 1, data.id
    if isinstance(data, PaymentRefundedHeard):
        kind, sign, payment_id, day = CashKind.REFUNDED, -1, data.payment_id, data.refunded_on
    elif isinstance(data, PaymentVoidedHeard):
        kind, sign, day = CashKind.VOIDED, -1, data.voided_on
    else:
        assert isinstance(data, PaymentReceivedHeard)
        day = data.received_on
    return [
        OrderCash(
            event_id=event.id,
            ordinal=ordinal,
            order_id=one.order_id,
            payment_id=payment_id,
            account_id=data.account_id,
            kind=kind,
            day=day,
            amount=sign * one.amount_base,
            version=data.version,
        )
        for ordinal, one in enumerate(data.allocations)
    ]


async def credit_cash(work: Work, paid: Sequence[Fact[PaymentHeard]]) -> None:
    """Credit what was paid, given back or voided of credited orders; the rest is kept."""
    steps = [(work.caused_by(fact.event), row) for fact in paid for row in allocated(fact.event, fact.data)]
    if not steps:
        return
    known = await repository.list_credited(work.tx, {row.order_id for _, row in steps})
    if strange := {row.account_id for _, row in steps if row.order_id not in known}:
        # Whoever is crediting such an order now either sees what is kept, or is waited for.
        await hold_accounts(work, strange, alone=True)
    await _credit(work, steps)


async def credit_kept(work: Work, confirmed: Mapping[UUID, Event]) -> None:
    """Credit what was kept of orders that are credited by now, each beside the event of its confirmation."""
    kept = await repository.list_kept(work.tx, confirmed.keys())
    await _credit(work, [(work.caused_by(confirmed[row.order_id]), row) for row in kept])


async def _credit(work: Work, steps: Sequence[Step]) -> None:
    if not steps:
        return
    books = await open_books(work, {row.order_id for _, row in steps})
    posted = await repository.list_posted(work.tx, {row.event_id for _, row in steps})
    sequences = await sequences_of(work, {row.payment_id for _, row in steps})
    ordinals: dict[UUID, int] = defaultdict(int)
    for (event_id, _order_id), last in posted.items():
        ordinals[event_id] = max(ordinals[event_id], last + 1)
    decided: list[Decided] = []
    for cause, row in steps:
        book = books.get(row.order_id)
        if book is None or (row.event_id, row.order_id) in posted:
            continue
        if moved := book.move(row.payment_id, row.amount):
            sequences[row.payment_id] = sequences.get(row.payment_id, 0) + 1
            decided.append((cause, sequences[row.payment_id], _fact(book, row, moved, ordinals[row.event_id])))
            ordinals[row.event_id] += len(moved)
    await post(work, decided)


async def open_books(work: Work, order_ids: Collection[UUID]) -> dict[UUID, CashBook]:
    """The cash of those of these orders that are credited, which are locked."""
    orders = await repository.lock_orders(work.tx, order_ids)
    places = await repository.list_places(work.tx, orders)
    ordered = await repository.list_ordered(work.tx, orders)
    paid = await repository.list_paid(work.tx, orders)
    books = {}
    for order_id, order in orders.items():
        lines = ordered[order_id]
        weights, whole = weights_of(
            {line.line_no: line.gross for line in lines}, {line.line_no: line.net for line in lines}
        )
        cells = {key: place.cash for key, place in places[order_id].items() if place.cash}
        books[order_id] = CashBook(order, places[order_id], weights, whole, cells)
        for one in paid[order_id]:
            books[order_id].by_payment[one.payment_id] += one.cash
    return books


def _fact(book: CashBook, row: OrderCash, moved: Cells, ordinal: int) -> ResultCredited:
    order = book.order
    return ResultCredited(
        subject_id=row.payment_id,
        order_id=order.order_id,
        account_id=row.account_id,
        stream_key=order.stream_key,
        kind=row.kind.value,
        order_date=order.order_date,
        posting_date=row.day,
        currency=order.currency,
        amount=0,
        shares=book.shares,
        lines=cash_lines((book.places[key], cash) for key, cash in moved.items()),
        source_event_id=row.event_id,
        source_ordinal=ordinal,
        rule=RULE,
        channel_id=channel_of(book.places),
        reason=order.reason,
        business_date=row.day,
    )


def cash_lines(parts: Iterable[tuple[Place, int]]) -> list[CreditLine]:
    """Cash where the credit of an order stands."""
    return [
        CreditLine(
            line_no=place.line_no,
            member_id=place.member_id,
            unit_path=list(place.unit_path),
            product_line=place.product_line,
            region=place.region,
            customer_type=place.customer_type,
            amount=0,
            cash=cash,
        )
        for place, cash in parts
    ]


def channel_of(places: Mapping[tuple[int, UUID], Place]) -> UUID | None:
    """The channel of an order: that of any of its lines."""
    return next((place.channel_id for place in places.values()), None)
