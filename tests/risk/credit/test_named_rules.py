"""Laws of money that is named for an order: on rows alone, over any steps in any order."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kit.ids import derived_id, new_id
from services.risk.credit.rules import Refused, Reserved, decide_reservation, deposit_cover
from services.risk.deposits.models import WaitingDeposit
from services.risk.deposits.rules import Named, Waiting, named_money

money = st.integers(0, 1_500)
balances = st.integers(-2_000, 2_000)
shares = st.one_of(st.sampled_from((0, 1, 300_000, 1_000_000)), st.integers(0, 1_000_000))


@pytest.mark.parametrize(
    ("limit", "balance", "share", "amount", "named", "right"),
    [
        (0, -5_005, 0, 5_005, Named(5_005), Reserved(0, 0)),
        (0, -5_005, 0, 5_006, Named(5_005), "limit_exceeded"),
        (3_000, -2_500, 0, 5_005, Named(2_500), Reserved(2_505, 495)),
        (3_000, -2_500, 0, 5_501, Named(2_500), "limit_exceeded"),
        (0, -5_000, 1_000_000, 1, Named(0, 5_000), "deposit_missing"),
        (0, -5_000, 0, 1, Named(0, 5_000), "limit_exceeded"),
        (10_000, -5_000, 300_000, 12_001, Named(4_000), Reserved(8_001, 1_999)),
        (10_000, -5_000, 300_000, 12_001, Named(1_000), Reserved(8_400, 1_600)),
        # Of 5,000 named for it 3,000 have settled what is owed.
        (1_000, -2_000, 0, 3_000, Named(5_000), Reserved(1_000, 0)),
        (1_000, -2_000, 0, 3_001, Named(5_000), "limit_exceeded"),
        (1_000, 500, 0, 501, Named(5_000), "limit_exceeded"),
        (0, -5_000, 0, 2_000, Named(9_000), Reserved(0, 0)),
    ],
)
def test_the_table_of_named_money(
    limit: int, balance: int, share: int, amount: int, named: Named, right: Reserved | str
) -> None:
    answer = decide_reservation(limit, balance, amount, share, named)
    if isinstance(right, Reserved):
        assert answer == right
    else:
        assert isinstance(answer, Refused)
        assert (answer.causes[0], answer.shortfall) == (right, 1)


@given(money, balances, money, shares, money, money)
def test_named_money_is_a_help_to_its_order_and_to_no_other(
    limit: int, balance: int, amount: int, share: int, here: int, elsewhere: int
) -> None:
    plain = decide_reservation(limit, balance, amount, share)
    own = decide_reservation(limit, balance, amount, share, Named(here))
    if isinstance(plain, Reserved):
        assert isinstance(own, Reserved)
        assert max(0, balance + amount) <= own.use <= plain.use
    others = decide_reservation(limit, balance, amount, share, Named(0, elsewhere))
    if isinstance(others, Reserved):
        assert deposit_cover(amount, share) <= max(0, -balance - elsewhere)
        assert others == plain
    assert decide_reservation(limit, balance, amount, share, Named()) == plain


@pytest.mark.parametrize("named", [Named(-1), Named(0, -1)])
def test_named_money_is_never_negative(named: Named) -> None:
    with pytest.raises(ValueError, match="never negative"):
        decide_reservation(1, 0, 1, 0, named)


def test_what_waits_for_orders_that_hold_credit_is_only_what_is_more() -> None:
    account, this, reserved, more = (new_id() for _ in range(4))

    def of(order_id: UUID, amount: int, exposure: int = 0, currency: str = "EUR", *, gone: bool = False) -> Waiting:
        return Waiting(account, order_id, currency, amount, exposure, gone)

    assert named_money([], this, "EUR") == Named()
    rows = [of(this, 5), of(this, 6), of(this, 100, currency="USD"), of(this, 1000, gone=True)]
    assert named_money(rows, this, "EUR") == Named(11, 100)
    rows = [of(reserved, 30, 50), of(reserved, 30, 50), of(more, 7, -3, "USD"), of(more, 9000, gone=True)]
    assert named_money(rows, this, "EUR") == Named(0, 10 + 7)


@st.composite
def stories(draw: st.DrawFn) -> list[WaitingDeposit]:
    """Events of one payment that names an order, as rows, of which each has a version of its own."""
    payment, ids = new_id(), st.booleans()
    steps = draw(st.lists(st.tuples(money, ids), min_size=1, max_size=6))
    return [
        WaitingDeposit(
            payment_id=payment,
            account_id=payment,
            order_id=payment,
            currency="EUR",
            amount=amount,
            version=version,
            is_waiting=waits,
        )
        for version, (amount, waits) in enumerate(steps)
    ]


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(rows: list[WaitingDeposit], dice: object) -> None:
    def folded(some: list[WaitingDeposit]) -> WaitingDeposit:
        kept: WaitingDeposit | None = None
        for row in some:
            kept = row.after(kept)
        assert kept is not None
        return kept

    expected = rows[-1].model_copy(update={"is_waiting": all(row.is_waiting for row in rows)})
    mixed = [*rows, *rows]
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert folded(rows) == folded(mixed) == expected


@dataclass
class Bought:
    """An order as customer and the ledger have it."""

    id: UUID
    amount: int
    currency: str = "EUR"
    exposure: int = 0
    state: str = "held"


@dataclass
class Came:
    """Money as customer has it: what is left, and the order that it waits for."""

    left: int
    currency: str
    order: Bought | None

    @property
    def waits(self) -> bool:
        return self.order is not None and self.order.state in ("held", "reserved")


class Account(RuleBasedStateMachine):
    """Orders are placed, changed, confirmed and cancelled; money comes, for one of them or for none, and goes back."""

    @initialize(limit=st.sampled_from((0, 0, 300, 1_500)), share=shares, count=st.integers(2, 4), data=st.data())
    def begin(self, limit: int, share: int, count: int, data: st.DataObject) -> None:
        self.limit, self.share = limit, share
        self.orders = [Bought(derived_id("order", number), data.draw(st.integers(1, 900))) for number in range(count)]
        self.money: list[Came] = []
        self.balance = 0
        self.took_back = False

    def waiting(self) -> list[Waiting]:
        return [
            Waiting(one.order.id, one.order.id, one.currency, one.left, one.order.exposure, False)
            for one in self.money
            if one.order is not None and one.waits and one.left
        ]

    def decided(self, order: Bought) -> tuple[Named, Reserved | Refused]:
        named = named_money(self.waiting(), order.id, order.currency)
        return named, decide_reservation(self.limit, self.balance, order.amount, self.share, named)

    def free(self, without: Bought) -> int:
        """What waits for other orders beyond what they hold: nobody else's cover."""
        others = [one for one in self.orders if one is not without and one.state in ("held", "reserved")]
        return sum(
            max(0, sum(came.left for came in self.money if came.order is one) - max(0, one.exposure)) for one in others
        )

    @rule(data=st.data())
    def place(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        if order.state not in ("held", "reserved"):
            return
        self.balance -= order.exposure
        order.exposure, order.state = 0, "held"
        named, answer = self.decided(order)
        if isinstance(answer, Refused):
            return
        cover = max(
            deposit_cover(order.amount, self.share),
            min(order.amount, named.here, max(0, -self.balance - named.elsewhere)),
        )
        assert cover == 0 or -self.balance - cover >= self.free(order)
        self.balance += order.amount
        order.exposure, order.state = order.amount, "reserved"
        assert max(0, self.balance) <= max(self.limit, 0)

    @rule(amount=st.integers(1, 1_200), currency=st.sampled_from(("EUR", "EUR", "USD")), data=st.data())
    def receive(self, amount: int, currency: str, data: st.DataObject) -> None:
        order = data.draw(st.one_of(st.none(), st.sampled_from(self.orders)))
        if order is not None and order.state not in ("held", "reserved"):
            order = None
        self.money.append(Came(amount, currency, order))
        self.balance -= amount

    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        if order.state != "reserved":
            return
        for came in self.money:
            if came.order is order and came.currency == order.currency:
                part = min(came.left, order.exposure)
                came.left, order.exposure = came.left - part, order.exposure - part
        order.state = "confirmed"

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        if order.state in ("held", "reserved"):
            self.balance -= order.exposure
            order.exposure, order.state = 0, "cancelled"

    @rule(data=st.data())
    def change_currency(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        if order.state == "held":
            order.currency = "USD" if order.currency == "EUR" else "EUR"

    @precondition(lambda self: self.money)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        came = data.draw(st.sampled_from(self.money))
        part = data.draw(st.integers(0, came.left))
        came.left, self.balance, self.took_back = came.left - part, self.balance + part, True

    @invariant()
    def the_balance_is_what_is_held_less_what_is_there(self) -> None:
        held, left = sum(one.exposure for one in self.orders), sum(came.left for came in self.money)
        assert self.balance == held - left

    @invariant()
    def an_order_that_is_prepaid_is_never_kept_waiting_by_another(self) -> None:
        """Without a limit nothing is owed that was not paid, so nobody else can have used its money."""
        if self.limit or self.took_back:
            return
        for order in self.orders:
            paid = sum(came.left for came in self.money if came.order is order and came.currency == order.currency)
            if order.state == "held" and paid >= order.amount:
                assert isinstance(self.decided(order)[1], Reserved)


Account.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestAccount = Account.TestCase
