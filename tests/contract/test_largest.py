"""What the largest orders that are accepted become as events: they must fit, or their key is parked for ever."""

from __future__ import annotations

from datetime import date

from kit.events.envelope import MAX_EVENT_BYTES
from kit.ids import new_id
from kit.money import MAX_AMOUNT
from services.customer.orders.rules import MAX_CREDIT_PARTS
from services.customer.orders.schemas import MAX_LINES
from services.targets.events_out import CreditLine, OrderCredited
from services.targets.units.rules import MAX_DEPTH

LABEL = "x" * 64


def test_the_credits_of_the_largest_order_fit_one_event() -> None:
    assert MAX_LINES <= MAX_CREDIT_PARTS
    path = [new_id() for _ in range(MAX_DEPTH)]
    part = CreditLine(
        line_no=MAX_LINES,
        member_id=new_id(),
        unit_path=path,
        product_line=LABEL,
        region="CN-SHA",
        customer_type=LABEL,
        amount=-MAX_AMOUNT,
    )
    fact = OrderCredited(
        order_id=new_id(),
        account_id=new_id(),
        stream_key=new_id(),
        kind="confirmed",
        order_date=date(2026, 1, 1),
        posting_date=date(2026, 1, 1),
        currency="USD",
        amount=-MAX_AMOUNT,
        shares={new_id(): 1_000_000 for _ in range(50)},
        lines=[part] * MAX_CREDIT_PARTS,
        source_event_id=new_id(),
    )
    assert len(fact.model_dump_json().encode()) <= MAX_EVENT_BYTES
