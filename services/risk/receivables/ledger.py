"""What each event of customer moves, and the fold of moves into the rows of their orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.risk.events_in import OrderConfirmedHeard, OrderReturnedHeard, PaymentHeard
from services.risk.receivables import repository
from services.risk.receivables.enums import MoveKind
from services.risk.receivables.models import Receivable, ReceivableMove
from services.risk.receivables.rules import due_day


def of_confirmed(fact: Fact[OrderConfirmedHeard]) -> ReceivableMove:
    """The gross amount is owed from the order date on."""
    order = fact.data
    return ReceivableMove(
        source_event_id=fact.event.id,
        source_ordinal=0,
        order_id=order.id,
        account_id=order.account_id,
        kind=MoveKind.CONFIRMED,
        amount=order.gross_base,
        day=order.order_date,
    )


def terms_of(order: OrderConfirmedHeard) -> Receivable:
    """The row of a confirmed order, without any amount."""
    return Receivable(
        order_id=order.id,
        account_id=order.account_id,
        partner_id=order.partner_id,
        region=order.region,
        order_date=order.order_date,
        terms_days=order.payment_terms_days,
        due_on=due_day(order.due_on, order.order_date, order.payment_terms_days),
    )


def of_returned(fact: Fact[OrderReturnedHeard]) -> ReceivableMove:
    """What a return settles: what it says itself, else its gross amount."""
    order = fact.data
    return ReceivableMove(
        source_event_id=fact.event.id,
        source_ordinal=0,
        order_id=order.id,
        account_id=order.account_id,
        kind=MoveKind.RETURNED,
        amount=-order.settled,
        day=order.return_date,
    )


def of_payment(event_id: UUID, payment: PaymentHeard, kind: MoveKind, before: int) -> Iterator[ReceivableMove]:
    """What a payment pays of orders, or gives back to them, and the change of what lies on account, `before` being
    what stood there (also of a change by 0, so that each event is known again)."""
    payment_id, day = payment.moved()
    sign = -1 if payment.PAYS else 1
    parts: list[tuple[UUID | None, MoveKind, int]] = [
        (part.order_id, kind, sign * part.amount_base) for part in payment.allocations
    ]
    if payment.on_account or before:
        parts.append((None, MoveKind.ON_ACCOUNT, before - payment.on_account))
    for ordinal, (order_id, what, amount) in enumerate(parts):
        yield ReceivableMove(
            source_event_id=event_id,
            source_ordinal=ordinal,
            order_id=order_id,
            account_id=payment.account_id,
            payment_id=payment_id,
            kind=what,
            amount=amount,
            day=day,
        )


async def book(tx: Tx, booked: Sequence[ReceivableMove], terms: Sequence[Receivable] = ()) -> None:
    """Write moves, and add them to the rows of their orders, of which `terms` are confirmed by them."""
    rows = {row.order_id: row for row in terms}
    for move in booked:
        if move.order_id is not None:
            row = rows.get(move.order_id) or Receivable(order_id=move.order_id)
            rows[move.order_id] = row.model_copy(update=_sums(row, move))
    await repository.add_moves(tx, booked)
    await repository.add_receivables(tx, [rows[order_id] for order_id in sorted(rows)])


def _sums(row: Receivable, move: ReceivableMove) -> dict[str, int]:
    """The sums of a row after a move."""
    match move.kind:
        case MoveKind.CONFIRMED:
            changed = {"gross": row.gross + move.amount}
        case MoveKind.RETURNED:
            changed = {"returned": row.returned - move.amount}
        case _:
            changed = {"paid": row.paid - move.amount}
    return {**changed, "open": row.open + move.amount}
