"""Laws of payments and the orders they pay, over any steps in any order: on rows alone, without a database."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kit import clock
from kit.ids import derived_id
from kit.money import MAX_AMOUNT, convert
from services.customer.orders.enums import OrderState
from services.customer.orders.models import Order
from services.customer.orders.settling import booking
from services.customer.payments.changes import allocated, next_version, settle, unsettle, voided
from services.customer.payments.models import MovedPart, Payment
from services.customer.payments.rules import VoidRefused

DAY = date(2026, 2, 20)
RATE = "0.137"


def new_order(number: int, gross: int, gross_base: int) -> Order:
    """A confirmed order of which nothing is settled."""
    nothing: dict[str, Any] = dict.fromkeys(("paid", "paid_base", "returned", "returned_base"), 0)
    return Order.model_construct(
        None,
        id=derived_id("order", number),
        number=f"SO-{number}",
        state=OrderState.CONFIRMED,
        version=1,
        updated_at=clock.now(),
        order_date=DAY,
        payment_terms_days=30,
        gross=gross,
        gross_base=gross_base,
        **nothing,
    )


def new_payment(number: int, amount: int) -> Payment:
    """Money on account."""
    return Payment(
        id=derived_id("payment", number),
        version=1,
        created_at=clock.now(),
        updated_at=clock.now(),
        account_id=derived_id("account"),
        stream_key=derived_id("account"),
        owner_id=None,
        currency="CNY",
        base_currency="USD",
        amount=amount,
        refunded=0,
        received_on=DAY,
        method="card",
        exchange_rate=RATE,
        content_hash="",
        allocations=(),
    )


class Money(RuleBasedStateMachine):
    """Orders and payments, and the exposure that follows what is said of them."""

    @initialize(
        orders=st.lists(st.tuples(st.integers(1, 500), st.integers(0, 900)), min_size=1, max_size=3),
    )
    def begin(self, orders: list[tuple[int, int]]) -> None:
        self.orders = [new_order(number, *amounts) for number, amounts in enumerate(orders)]
        self.payments: list[Payment] = []
        self.exposure = [order.gross_base for order in self.orders]
        self.deposit: list[int] = []

    def place(self, part: MovedPart) -> int:
        return next(place for place, order in enumerate(self.orders) if order.id == part.order_id)

    def keep(self, which: int, payment: Payment) -> None:
        """What stands of the payment on account is said after each step: the ledger books the difference."""
        self.deposit[which] += payment.unallocated_base - self.deposit[which]
        self.payments[which] = payment

    @rule(amount=st.integers(1, 900))
    def receive(self, amount: int) -> None:
        self.payments.append(new_payment(len(self.payments), amount))
        self.deposit.append(self.payments[-1].unallocated_base)

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def allocate(self, data: st.DataObject) -> None:
        which, place = self.drawn(data, self.payments), self.drawn(data, self.orders)
        payment, order = self.payments[which], self.orders[place]
        most = min(payment.unallocated, order.gross - order.paid)
        if most > 0:
            self.pay(which, place, data.draw(st.integers(1, most)))

    def pay(self, which: int, place: int, amount: int) -> None:
        self.orders[place], part = settle(self.orders[place], amount, DAY)
        self.exposure[place] -= part.amount_base
        assert part.amount_base >= 0
        self.keep(which, next_version(allocated(self.payments[which], [part], DAY)))

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        which = self.drawn(data, self.payments)
        payment = self.payments[which]
        if payment.voided_on or payment.amount == payment.refunded:
            return
        held = [part for part in payment.allocations if part.amount > part.refunded]
        of_order: bool = data.draw(st.booleans())
        if held and of_order:
            part = data.draw(st.sampled_from(held))
            self.give_back(which, part.order_id, data.draw(st.integers(1, part.amount - part.refunded)))
        elif payment.unallocated:
            amount = data.draw(st.integers(1, payment.unallocated))
            self.keep(which, payment.model_copy(update={"refunded": payment.refunded + amount}))

    def give_back(self, which: int, order_id: object, amount: int) -> None:
        payment = self.payments[which]
        parts = {part.order_id: part for part in payment.allocations}
        place = next(place for place, order in enumerate(self.orders) if order.id == order_id)
        self.orders[place], back, moved = unsettle(self.orders[place], parts[self.orders[place].id], amount)
        assert moved.amount_base >= 0
        self.exposure[place] += moved.amount_base
        parts[back.order_id] = back
        left = {"refunded": payment.refunded + amount, "allocations": tuple(parts.values())}
        self.keep(which, payment.model_copy(update=left))

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        which = self.drawn(data, self.payments)
        self.undo(which)

    def undo(self, which: int) -> None:
        payment = self.payments[which]
        if payment.voided_on is not None:
            return
        orders = {order.id: order for order in self.orders}
        try:
            after = voided(payment, orders, DAY, "bounced")
        except VoidRefused:
            assert payment.refunded
            return
        self.orders = [orders[order.id] for order in self.orders]
        for part in after.moved:
            self.exposure[self.place(part)] += part.amount_base
        self.keep(which, next_version(after))

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        place = self.drawn(data, self.orders)
        if left := self.orders[place].gross - self.orders[place].returned:
            self.return_of(place, data.draw(st.integers(1, left)))

    def return_of(self, place: int, amount: int) -> None:
        order = self.orders[place]
        base = booking(order, amount)
        self.exposure[place] -= base
        sums = {"returned": order.returned + amount, "returned_base": order.returned_base + base}
        self.orders[place] = order.model_copy(update=sums)

    @staticmethod
    def drawn(data: st.DataObject, of: list[Any]) -> int:
        return data.draw(st.integers(0, len(of) - 1))

    @invariant()
    def payments_hold_what_orders_are_paid(self) -> None:
        if not hasattr(self, "orders"):
            return
        for order, exposure in zip(self.orders, self.exposure, strict=True):
            parts = [part for one in self.payments for part in one.allocations if part.order_id == order.id]
            assert order.paid == sum(part.amount - part.refunded for part in parts) <= order.gross
            assert exposure == order.gross_base - order.returned_base - order.paid_base
        for payment, deposit in zip(self.payments, self.deposit, strict=True):
            assert 0 <= payment.unallocated <= payment.amount
            assert deposit == convert(payment.unallocated, "CNY", RATE, "USD") <= MAX_AMOUNT

    def teardown(self) -> None:
        """Whatever came before: what is settled leaves no exposure, and money that is used up or gone no deposit."""
        for place in range(len(getattr(self, "orders", ()))):
            self.settle_order(place)
            assert self.exposure[place] == 0
        for which in range(len(getattr(self, "payments", ()))):
            payment = self.payments[which]
            self.keep(which, payment.model_copy(update={"refunded": payment.refunded + payment.unallocated}))
            assert self.deposit[which] == 0

    def settle_order(self, place: int) -> None:
        order = self.orders[place]
        missing = order.gross - order.returned - order.paid
        if missing > 0:
            self.receive(missing)
            self.pay(len(self.payments) - 1, place, missing)
        for which, payment in enumerate(list(self.payments)):
            for part in payment.allocations:
                surplus = self.orders[place].returned + self.orders[place].paid - order.gross
                if part.order_id == order.id and (back := min(surplus, part.amount - part.refunded)) > 0:
                    self.give_back(which, order.id, back)


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
