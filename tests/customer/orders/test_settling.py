"""Laws of what is owed: whatever the steps, what is settled in the order's currency is settled in base currency."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT
from services.customer.orders.settling import booking, worth


@dataclass(frozen=True)
class Order:
    gross: int
    gross_base: int
    returned: int = 0
    returned_base: int = 0
    paid: int = 0
    paid_base: int = 0

    def after(self, returned: int, paid: int) -> Order:
        """The order after it came back, or was paid, up to so much in all."""
        if (more := returned - self.returned) > 0:
            self = replace(self, returned=returned, returned_base=self.returned_base + booking(self, more))
        return replace(self, paid=paid, paid_base=self.paid_base + booking(self, paid - self.paid))

    @property
    def exposure(self) -> int:
        return self.gross_base - self.returned_base - self.paid_base


@st.composite
def orders(draw: st.DrawFn) -> Order:
    most = draw(st.sampled_from([20, 10**4, MAX_AMOUNT]))
    return Order(draw(st.integers(1, most)), draw(st.integers(0, most)))


@given(orders(), st.data())
def test_whatever_settles_an_order_leaves_nothing_owed(order: Order, data: st.DataObject) -> None:
    """Steps in any order: pieces come back, money comes and goes; in the end both make the gross amount."""
    amounts = st.integers(0, order.gross)
    for paid in data.draw(st.lists(amounts, max_size=8)):
        before, order = order, order.after(data.draw(st.integers(order.returned, order.gross)), paid)
        assert order.exposure == order.gross_base - worth(order.gross, order.gross_base, order.returned + order.paid)
        assert order.returned_base >= before.returned_base
    assert order.after(order.returned, order.gross - order.returned).exposure == 0
    assert order.after(order.gross, 0).exposure == 0
    assert order.after(order.gross, order.gross).exposure == -order.gross_base


@given(orders(), st.data())
def test_settling_as_much_again_is_worth_as_much_again(order: Order, data: st.DataObject) -> None:
    settled = data.draw(st.integers(0, order.gross))
    twice = worth(order.gross, order.gross_base, settled + order.gross)
    assert twice == worth(order.gross, order.gross_base, settled) + order.gross_base


@given(orders(), st.integers(-50, 50), st.data())
def test_what_an_earlier_rule_booked_is_made_good_in_the_direction_of_each_step(
    order: Order, off: int, data: st.DataObject
) -> None:
    order = replace(order, paid_base=off)
    for paid in data.draw(st.lists(st.integers(0, order.gross), max_size=6)):
        before, order = order, order.after(order.returned, paid)
        more, booked = order.paid - before.paid, order.paid_base - before.paid_base
        assert booked >= 0 if more >= 0 else booked <= 0
    assert order.after(order.returned, order.gross).exposure == min(0, order.exposure)


@pytest.mark.parametrize(
    ("settled", "base"), [(0, 0), (1, 1), (50, 25), (99, 50), (100, 50), (101, 51), (199, 100), (200, 100)]
)
def test_halves_are_worth_the_next_unit(settled: int, base: int) -> None:
    assert worth(100, 50, settled) == base


def test_an_order_of_nothing_is_worth_nothing() -> None:
    assert worth(0, 0, 0) == 0
    assert booking(Order(0, 0), 0) == 0
