"""Deciding on placements: what is read once for a batch, and the answers, one order after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from kit.clock import business_date
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.redirects import Groups
from kit.work import Work
from services.channels.events_in.customer import OrderPlacedHeard
from services.channels.events_out.terms import ReservedPromotion, TermsRefused, TermsReserved
from services.channels.events_out.terms import TermsPart as SaidPart
from services.channels.ledgers import service as ledgers
from services.channels.ledgers.enums import Bucket, Unit
from services.channels.ledgers.service import Place
from services.channels.promotions import service as promotions
from services.channels.promotions.models import Promotion
from services.channels.promotions.service import BudgetStep
from services.channels.quotes import claims, floors
from services.channels.quotes.claims import Claim
from services.channels.quotes.floors import Sold, SoldLine
from services.channels.quotes.models import Quote, Whole
from services.channels.redirects import service as redirects
from services.channels.sales import service as sales
from services.channels.terms.checks import (
    Refused,
    Taken,
    Usage,
    check_ended,
    check_promotions,
    check_quote,
    may_claim,
    over_budget,
    per_promotion,
    taken_by,
)
from services.channels.terms.claims import Holdings, open_holdings
from services.channels.terms.enums import Cause, Refusal, ReservationState
from services.channels.terms.ledger import book_of, reservation_id
from services.channels.terms.models import TermsPart, TermsReservation

Answer = TermsReserved | TermsRefused
_HELD = (Bucket.RESERVED, Bucket.COMMITTED)


@dataclass(slots=True)
class Budgets:
    """Locked promotions, and what of their budgets is said: exhausted once, until something comes back."""

    before: Mapping[UUID, Promotion]
    full: set[UUID] = field(init=False)
    steps: list[BudgetStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.full = {one.id for one in self.before.values() if one.exhausted_at is not None}

    @property
    def promotions(self) -> Mapping[UUID, Promotion]:
        """The promotions by id."""
        return self.before

    def reopen(self, ids: Iterable[UUID]) -> None:
        """Something came back to promotions."""
        for one in sorted(self.full.intersection(ids)):
            self.full.remove(one)
            self.steps.append(BudgetStep(one))

    def exhaust(self, promotion_id: UUID, left_base: int, cause: Event) -> None:
        """What was asked of a promotion did not fit."""
        if promotion_id not in self.full:
            self.full.add(promotion_id)
            self.steps.append(BudgetStep(promotion_id, left_base, cause))


async def lock_budgets(work: Work, ids: Sequence[UUID]) -> Budgets:
    """Promotions by id (sorted), locked."""
    return Budgets(await promotions.lock_promotions(work, ids))


@dataclass(slots=True)
class Known:
    """What a batch of placements is decided by, all of it locked: quotes, promotions and what they have given, coupons
    and points; which accounts keep an order, and which are one, read after the first lock."""

    wholes: Mapping[UUID, Whole]
    promotions: Mapping[UUID, Promotion]
    balances: dict[Place, int]
    buyers: Collection[UUID]
    holdings: Holdings
    groups: Groups


async def known_for(
    work: Work,
    asking: Sequence[Fact[OrderPlacedHeard]],
    order_ids: Sequence[UUID],
    reserved: Sequence[UUID],
    rows: Sequence[TermsReservation],
) -> Known:
    """What placements name, the quotes that belong to orders, promotions of which they have reserved, and what else
    these reservations hold; a fixed number of statements."""
    named = sorted({fact.data.quote_id for fact in asking if fact.data.quote_id is not None})
    wholes = await claims.lock_quotes(work, named, sorted({*order_ids}))
    ids = sorted({part.promotion_id for whole in wholes.values() for part in whole.parts}) if asking else []
    locked = await promotions.lock_promotions(work, sorted({*ids, *reserved}))
    asked = [wholes[one].quote for one in named if one in wholes]
    holdings = await open_holdings(work, asked, {row.order_id for row in rows}, rows)
    named_accounts = {*(fact.data.account_id for fact in asking), *(quote.account_id for quote in asked)}
    groups = await redirects.groups_of(work, named_accounts)
    accounts = groups.everyone({fact.data.account_id for fact in asking})
    balances = await ledgers.balances(work.tx, [book_of(one) for one in ids], [*ids, *accounts]) if ids else {}
    buyers = await sales.accounts_with_orders(work, accounts) if ids else ()
    return Known(wholes, locked, balances, buyers, holdings, groups)


@dataclass(slots=True)
class Decider:
    """Answers one placement after the other: what one takes, the next does not find."""

    work: Work
    known: Known
    quotes: dict[UUID, tuple[Quote, Event]] = field(default_factory=dict)
    budgets: Budgets = field(init=False)

    def __post_init__(self) -> None:
        self.budgets = Budgets(self.known.promotions)

    def claims(self) -> list[Claim]:
        """Quotes that changed hands."""
        return [Claim(self.known.wholes[one], row, cause) for one, (row, cause) in sorted(self.quotes.items())]

    def take_back(self, cause: Event, row: TermsReservation, parts: Sequence[TermsPart], why: Cause) -> None:
        """What a placement had is left again for those that follow."""
        self.known.holdings.give_back(cause, row, why)
        account_id = row.account_id
        taken = [Taken(part.line_no, part.promotion_id, part.quantity, part.amount_base) for part in parts]
        self._move(account_id, per_promotion(taken), -1)
        self.budgets.reopen(part.promotion_id for part in parts)

    def leave_other_quotes(self, fact: Fact[OrderPlacedHeard]) -> None:
        """An order has one quote: those that it does not name any more are free."""
        self.give_quotes_back(fact.data.id, fact.event, but=fact.data.quote_id)

    def give_quotes_back(self, order_id: UUID, cause: Event, but: UUID | None = None) -> None:
        """Quotes of an order are nobody's."""
        today = self.work.caused_by(cause).today
        for one in self.known.wholes:
            quote = self._quote(one)
            if quote.order_id == order_id and one != but:
                self.quotes[one] = (claims.given_back(quote, self.work.settings.timezone, today), cause)

    async def answer(self, fact: Fact[OrderPlacedHeard]) -> tuple[Answer, TermsReservation, list[TermsPart]]:
        """The answer to a placement, as it is said and as it is kept."""
        order = fact.data
        amounts: Mapping[UUID, int] = {}
        taken: list[Taken] = []
        whole: Whole | None = None
        if order.quote_id is None:
            refused = await self._check_prices(order)
        else:
            whole = self._whole(order.quote_id)
            refused = self._check_quote(fact, whole)
            if refused is None and whole is not None:
                taken = taken_by(whole, order)
                amounts = per_promotion(taken)
                used = {one: self._usage(one, order.account_id) for one in amounts}
                has_bought = any(one in self.known.buyers for one in self.known.groups.members(order.account_id))
                holdings = self.known.holdings
                refused = (
                    check_ended(amounts, self.known.promotions)
                    or holdings.check_coupons(whole.quote, order.id)
                    or check_promotions(amounts, self.known.promotions, used, keeps_an_order=has_bought)
                    or holdings.check_points(whole.quote, fact.event)
                )
                if refused is not None and refused.reason is Refusal.BUDGET_EXHAUSTED:
                    for one, left in over_budget(amounts, self.known.promotions, used).items():
                        self.budgets.exhaust(one, left, fact.event)
        if refused is not None:
            return self._refusal(fact, refused)
        self._move(order.account_id, amounts, 1)
        points = 0
        if order.quote_id is not None and whole is not None:
            self.known.holdings.take(fact, whole)
            points = whole.quote.points
            self.quotes[order.quote_id] = (claims.accepted(self._quote(order.quote_id), order.id), fact.event)
        return self._reservation(fact, taken, amounts, points)

    def _check_quote(self, fact: Fact[OrderPlacedHeard], whole: Whole | None) -> Refused | None:
        placed_on = self._placed_on(fact)
        refused = check_quote(whole, fact.data, placed_on, self.known.groups)
        if whole is not None and may_claim(whole.quote, fact.data, placed_on, self.known.groups):
            self.quotes[whole.quote.id] = (claims.claimed(whole.quote, fact.data.id), fact.event)
        return refused

    async def _check_prices(self, order: OrderPlacedHeard) -> Refused | None:
        """Without a quote there is nothing to take, and every price stands for itself."""
        if order.promotions or order.points:
            return Refused(Refusal.QUOTE_UNKNOWN)
        if order.price_policy != "enforced":
            return None
        sold = Sold(
            order.account_id,
            order.partner_id,
            order.channel_id,
            order.currency,
            order.exchange_rate,
            order.order_date,
            order.placed_by,
            [SoldLine(line.line_no, line.sku, line.quantity, line.net) for line in order.lines],
        )
        line_no = await floors.line_below_floor(self.work, sold)
        return None if line_no is None else Refused(Refusal.BELOW_FLOOR, line_no=line_no)

    def _placed_on(self, fact: Fact[OrderPlacedHeard]) -> date:
        return business_date(self.work.settings.timezone, fact.data.placed_at or fact.event.time)

    def _quote(self, quote_id: UUID) -> Quote:
        """As it stands in the batch."""
        return self.quotes[quote_id][0] if quote_id in self.quotes else self.known.wholes[quote_id].quote

    def _whole(self, quote_id: UUID) -> Whole | None:
        whole = self.known.wholes.get(quote_id)
        return None if whole is None else whole._replace(quote=self._quote(quote_id))

    def _usage(self, promotion_id: UUID, account_id: UUID) -> Usage:
        book, known = book_of(promotion_id), self.known.balances
        members = self.known.groups.members(account_id)
        return Usage(
            -known.get((book, promotion_id, Bucket.GRANTED, Unit.MONEY), 0),
            -known.get((book, promotion_id, Bucket.GRANTED, Unit.USE), 0),
            sum(known.get((book, one, bucket, Unit.USE), 0) for one in members for bucket in _HELD),
        )

    def _move(self, account_id: UUID, amounts: Mapping[UUID, int], sign: int) -> None:
        """What the ledger will say once the facts of the batch are written."""
        known = self.known.balances
        for promotion, amount in amounts.items():
            for unit, value in ((Unit.MONEY, amount), (Unit.USE, 1)):
                source = (book_of(promotion), promotion, Bucket.GRANTED, unit)
                target = (book_of(promotion), account_id, Bucket.RESERVED, unit)
                known[source] = known.get(source, 0) - sign * value
                known[target] = known.get(target, 0) + sign * value

    def _refusal(
        self, fact: Fact[OrderPlacedHeard], refused: Refused
    ) -> tuple[Answer, TermsReservation, list[TermsPart]]:
        said = TermsRefused(
            **self._common(fact), reason=refused.reason.value, detail=refused.detail, line_no=refused.line_no
        )
        row = self._row(fact, ReservationState.REFUSED, 0)
        return said, row.model_copy(update=refused._asdict()), []

    def _reservation(
        self, fact: Fact[OrderPlacedHeard], taken: Sequence[Taken], amounts: Mapping[UUID, int], points: int
    ) -> tuple[Answer, TermsReservation, list[TermsPart]]:
        said = TermsReserved(
            **self._common(fact),
            promotions=[ReservedPromotion(promotion_id=one, amount_base=amount) for one, amount in amounts.items()],
            points=points,
            parts=[SaidPart(**one._asdict()) for one in taken],
        )
        row: TermsReservation = self._row(fact, ReservationState.RESERVED, sum(amounts.values()))
        row = row.model_copy(update={"points": points})
        return said, row, [TermsPart(reservation_id=row.id, **one._asdict()) for one in taken]

    def _common(self, fact: Fact[OrderPlacedHeard]) -> dict[str, Any]:
        order = fact.data
        return {
            "order_id": order.id,
            "account_id": order.account_id,
            "stream_key": order.stream_key,
            "owner_id": order.owner_id,
            "placement": order.placement,
            "quote_id": order.quote_id,
            "currency": order.currency,
            "business_date": self.work.caused_by(fact.event).today,
            "source_event_id": fact.event.id,
        }

    def _row(self, fact: Fact[OrderPlacedHeard], state: ReservationState, amount: int) -> TermsReservation:
        return TermsReservation.model_validate(
            {
                **self._common(fact),
                "id": reservation_id(fact.data.id, fact.data.placement),
                "version": 0,
                "state": state,
                "amount_base": amount,
                "decided_at": fact.event.time,
            }
        )
