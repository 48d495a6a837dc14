"""A plain model of all that moves or binds credit: it folds customer's events in integers and answers each placement by
the table of the requirement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from tests.risk.conftest import Days, Order, Payment

OVERDUE_DAYS = 15
OPEN_FROM = 100


@dataclass
class Known:
    """An order as the model knows it; `held` is what the answer to its placement reserved."""

    order: Order
    account_id: UUID
    partner_id: UUID | None = None
    state: str = "placed"
    held: int = 0
    exposure: int = 0
    is_terms_refused: bool = False
    due_on: date | None = None
    currency: str = "CNY"
    placed_by: str | None = None


@dataclass
class Paid:
    """A payment as the model knows it: what of it pays which orders."""

    payment: Payment
    parts: dict[UUID, int] = field(default_factory=dict)
    is_waiting: bool = False
    is_over: bool = False


@dataclass
class Party:
    """What binds an account or a partner; `holds` are those of people."""

    limit: int | None
    terms_days: int | None = None
    share: int = 0
    holds: list[str] = field(default_factory=list)
    money: int = 0
    limit_before: int | None = None
    raised_until: date | None = None
    is_overdue: bool = False
    waived_until: date | None = None

    def bound(self, today: date) -> int | None:
        """The limit of a day: a raise ends with its last."""
        is_over = self.raised_until is not None and today > self.raised_until
        return self.limit_before if is_over else self.limit

    def set_limit(self, limit: int) -> None:
        """A person sets it: no raise lasts."""
        self.limit, self.limit_before, self.raised_until = limit, None, None

    def raise_to(self, limit: int, until: date) -> None:
        """A raise through a day; of one that is raised the limit before both comes back."""
        self.limit_before = self.limit if self.raised_until is None else self.limit_before
        self.limit, self.raised_until = limit, until

    def judge(self, longest: int, today: date) -> None:
        """The rule's hold, by the days of the item that is overdue longest: it stands until none is."""
        is_waived = self.waived_until is not None and today <= self.waived_until
        if self.is_overdue:
            self.is_overdue = longest > 0
        elif longest > OVERDUE_DAYS and not is_waived:
            self.is_overdue = True


class Model:
    """What should be so."""

    def __init__(self, clock: Days) -> None:
        self.clock = clock
        self.parties: dict[UUID, Party] = {}
        self.accounts: list[UUID] = []
        self.partners: list[UUID] = []
        self.orders: list[Known] = []
        self.payments: list[Paid] = []
        self.leads: dict[UUID, tuple[UUID, UUID]] = {}

    @property
    def today(self) -> date:
        """The company's day."""
        return self.clock.moment.date()

    def judge(self, accounts: Iterable[UUID]) -> None:
        """Holds of the rule are brought to where what is owed puts them."""
        for account_id in accounts:
            overdue = [
                (self.today - one.due_on).days
                for one in self.orders
                if one.account_id == account_id and one.due_on is not None and one.exposure >= OPEN_FROM
            ]
            self.parties[account_id].judge(max(0, *overdue, 0), self.today)

    def root(self, account_id: UUID) -> UUID:
        while account_id in self.leads:
            account_id = self.leads[account_id][0]
        return account_id

    def group(self, account_id: UUID) -> list[UUID]:
        return [one for one in self.accounts if self.root(one) == self.root(account_id)]

    def balance(self, account_id: UUID) -> int:
        return sum(one.exposure for one in self.orders if one.account_id == account_id) - self.parties[account_id].money

    def of_partner(self, partner_id: UUID) -> int:
        return sum(one.exposure for one in self.orders if one.partner_id == partner_id)

    def named(self, known: Known, group: list[UUID]) -> tuple[int, int]:
        """Money that waits for this order, and what waits for others, or for this one in a currency that it has not."""
        here, elsewhere = 0, 0
        others: dict[UUID, int] = defaultdict(int)
        for one in self.payments:
            order = one.payment.waits_for
            if order is None or not one.is_waiting or one.payment.account_id not in group:
                continue
            if next(one for one in self.orders if one.order is order).state == "cancelled":
                continue
            if order.id != known.order.id:
                others[order.id] += one.payment.left
            elif one.payment.currency == known.currency:
                here += one.payment.left
            else:
                elsewhere += one.payment.left
        for order_id, amount in others.items():
            holder = next(one for one in self.orders if one.order.id == order_id)
            elsewhere += max(0, amount - max(0, holder.exposure))
        return here, elsewhere

    def answer(self, known: Known, partner_id: UUID | None, days: int, limit: int | None = None) -> str | None:
        """The first check that fails, as the requirement has them; `limit` is another than the model's."""
        amount, group = known.order.gross, self.group(known.account_id)
        binds = self.parties[self.root(known.account_id)]
        owed = sum(self.balance(one) for one in group)
        here, elsewhere = self.named(known, group)
        own = max(0, -owed - elsewhere)
        cover = max(-(-amount * binds.share // 1_000_000), min(amount, here, own))
        if any(self.parties[one].holds or self.parties[one].is_overdue for one in group):
            return "on_hold"
        if binds.terms_days is not None and days > binds.terms_days:
            return "terms_exceeded"
        if cover > own:
            return "deposit_missing"
        bound_by = binds.bound(self.today) if limit is None else limit
        assert bound_by is not None
        if amount > cover and max(0, owed) + amount - cover > bound_by:
            return "limit_exceeded"
        if partner_id is not None:
            bound = self.parties[partner_id]
            if bound.holds:
                return "partner_on_hold"
            most = bound.bound(self.today)
            if most is not None and amount > 0 and max(0, self.of_partner(partner_id)) + amount > most:
                return "partner_limit_exceeded"
        return None
