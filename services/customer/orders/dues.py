"""Orders become overdue: told once, until nothing is owed and something is again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from kit import clock
from kit.due.due import Due
from kit.events import outbox
from kit.events.contract import same_fields
from kit.work import Work
from services.customer.events_out.orders import OrderLine, OrderOverdue
from services.customer.orders import repository
from services.customer.orders.changes import due_on, next_version, owed
from services.customer.orders.models import Order, OwedOrder


def overdue_at(order: Order, timezone: str) -> datetime:
    """When it is overdue: the beginning of the company's day after it was due."""
    return clock.start_of_day(timezone, due_on(order) + timedelta(days=1))


async def tell_overdue(work: Work, rows: Sequence[OwedOrder]) -> None:
    """Tell what is overdue by now; what is not yet, in the company's zone, waits until then."""
    orders, now = await repository.lock_orders(work.tx, [row.id for row in rows]), clock.now()
    moments = {one.id: overdue_at(one, work.settings.timezone) for one in orders.values()}
    told = [next_version(orders[key]) for key in sorted(orders) if moments[key] <= now]
    await repository.save_orders(work.tx, told)
    await repository.put_due(work.tx, {key: at if at > now else None for key, at in moments.items()})
    await outbox.say(work, [(_said(work, one), one.version) for one in told])


def _said(work: Work, order: Order) -> OrderOverdue:
    return OrderOverdue.of(
        order,
        changed=[],
        lines=[same_fields(OrderLine, line) for line in order.lines],
        due_on=due_on(order),
        open_amount=owed(order),
        open_amount_base=max(0, order.gross_base - order.returned_base - order.paid_base),
        business_date=work.today,
    )


OVERDUE_DUE = Due("order_overdue", OwedOrder, tell_overdue, "t.due_at IS NOT NULL")
