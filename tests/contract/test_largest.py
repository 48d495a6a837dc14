"""What the largest orders that are accepted become as events: they must fit, or their key is parked for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kit.events.contract import Published
from kit.events.envelope import MAX_EVENT_BYTES
from kit.events.outbox import Fact, make_event
from kit.ids import new_id
from kit.money import MAX_AMOUNT
from services.customer.events_out.orders import OrderLine, OrderPlaced, OrderPromotion, OrderSplit
from services.customer.events_out.returns import OrderReturned, ReturnedLine
from services.customer.orders.schemas import MAX_LINES
from services.targets.events_out.credits import CreditLine, OrderCredited
from services.targets.units.rules import MAX_DEPTH

LABEL = "x" * 64
MAX_CREDIT_PARTS = 600
"""Most lines times credited sellers of an order of release 0.1.0."""
MAX_PROMOTED = 500
"""Most (line, promotion) pairs of an order."""
PRICES = ("unit_price", "discount", "list_price", "discount_base", "unit_cost_base", "margin_base")
AMOUNTS = ("net", "tax", "gross", "net_base", "tax_base", "gross_base")


def bytes_of(payload: Published) -> int:
    return len(make_event("any", Fact(payload.TYPE, new_id(), new_id(), 1, payload)).data)


@pytest.mark.parametrize(
    ("customer_type", "measures"),
    [
        (LABEL, {}),
        ("existing", dict.fromkeys(("margin", "gross", "units", "new_product", "new_customers"), -MAX_AMOUNT)),
    ],
    ids=["of an old order, which has no measures", "of a new order, whose customer type is one of three words"],
)
def test_the_credits_of_the_largest_order_fit_one_event(customer_type: str, measures: dict[str, int]) -> None:
    assert MAX_LINES <= MAX_CREDIT_PARTS
    path = [new_id() for _ in range(MAX_DEPTH)]
    part = CreditLine(
        line_no=MAX_LINES,
        member_id=new_id(),
        unit_path=path,
        product_line=LABEL,
        region="CN-SHA",
        customer_type=customer_type,
        amount=-MAX_AMOUNT,
        **measures,
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
        rule=2,
        channel_id=new_id(),
        reason=str(new_id()),
    )
    assert bytes_of(fact) <= MAX_EVENT_BYTES


def largest_order(promoted: int) -> dict[str, Any]:
    """All fields of an order that is as large as one may be: prices at the limit, amounts that sum to it."""
    amounts = {**dict.fromkeys(PRICES, MAX_AMOUNT), **dict.fromkeys(AMOUNTS, MAX_AMOUNT // MAX_LINES)}
    line = {**OrderPlaced.EXAMPLE["lines"][0], **amounts, "line_no": MAX_LINES, "sku": LABEL, "product_line": LABEL}
    promotion = OrderPromotion(promotion_id=new_id(), line_no=MAX_LINES, discount=MAX_AMOUNT, discount_base=MAX_AMOUNT)
    return {
        **{name: value for name, value in OrderPlaced.EXAMPLE.items() if name != "checks"},
        "credits": [OrderSplit(member_id=new_id(), share=1_000_000)] * 50,
        "lines": [OrderLine.model_validate(line)] * MAX_LINES,
        "promotions": [promotion] * promoted,
        "placed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }


def test_the_largest_order_fits_one_event() -> None:
    order = OrderPlaced.model_validate({**largest_order(MAX_PROMOTED), "checks": ["credit", "terms"]})
    assert bytes_of(order) <= MAX_EVENT_BYTES


def returned(lines: int, promoted: int) -> int:
    """Bytes of the event of a return of so many lines of the largest order."""
    given = OrderReturned.EXAMPLE["returned_lines"][0]
    amounts = {name: -(MAX_AMOUNT // MAX_LINES) for name in given if name not in {"line_no", "sku", "product_line"}}
    line = ReturnedLine.model_validate({**given, **amounts, "sku": LABEL, "product_line": LABEL})
    rest = {name: value for name, value in OrderReturned.EXAMPLE.items() if name not in OrderPlaced.EXAMPLE}
    return bytes_of(OrderReturned.model_validate({**largest_order(promoted), **rest, "returned_lines": [line] * lines}))


def test_the_return_of_the_largest_order_fits_one_event() -> None:
    assert returned(MAX_LINES, 0) <= MAX_EVENT_BYTES


def test_a_return_of_the_largest_order_that_was_promoted_all_over_fits_two_events() -> None:
    """As one it is refused when it is booked (`event-too-large`), and takes two returns."""
    assert returned(MAX_LINES // 2, MAX_PROMOTED) <= MAX_EVENT_BYTES
