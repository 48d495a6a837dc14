"""What orders of a batch hold besides promotions: unique coupons and points of members, locked after the promotions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.money import convert
from kit.work import Work
from services.channels.coupons import service as coupons
from services.channels.coupons.models import Coupon
from services.channels.events_in.customer import OrderPlacedHeard
from services.channels.events_out.terms import TermsPoints
from services.channels.points.redemptions import Asked, Redeemer, open_redeemer
from services.channels.quotes.models import Quote, Whole
from services.channels.terms.checks import Refused
from services.channels.terms.enums import Cause, Refusal
from services.channels.terms.ledger import reservation_id
from services.channels.terms.models import TermsReservation


@dataclass(slots=True)
class Holdings:
    """Locked coupons and members, as they stand in the batch."""

    work: Work
    coupons: dict[UUID, Coupon]
    redeemer: Redeemer
    quotes: Mapping[UUID | None, Quote]
    moved: set[UUID] = field(default_factory=set)

    def check_coupons(self, quote: Quote, order_id: UUID) -> Refused | None:
        """Whether no other order has a coupon of the quote."""
        held = [self.coupons.get(one) for one in quote.coupon_ids]
        is_free = all(one is not None and one.order_id in (None, order_id) for one in held)
        return None if is_free else Refused(Refusal.COUPON_INVALID)

    def check_points(self, quote: Quote, cause: Event) -> Refused | None:
        """Whether the member may use the points of the quote on the day."""
        if quote.points_account_id is None or self.redeemer.has(quote.points_account_id, quote.points, cause):
            return None
        return Refused(Refusal.POINTS_SHORT)

    def take(self, fact: Fact[OrderPlacedHeard], whole: Whole) -> None:
        """The order has coupons and points of its quote."""
        quote, order = whole.quote, fact.data
        self.take_coupons(quote, order.id)
        if quote.points_account_id is not None:
            value = convert(quote.points_value, order.currency, order.exchange_rate, order.base_currency)
            key = (order.id, order.stream_key, reservation_id(order.id, order.placement))
            self.redeemer.redeem(fact.event, quote.points_account_id, key, _asked(whole), quote.points, value)

    def take_coupons(self, quote: Quote, order_id: UUID) -> None:
        """The order has the unique coupons of the quote that are free."""
        for one in quote.coupon_ids:
            coupon = self.coupons.get(one)
            if coupon is not None and coupon.code is None and coupon.order_id is None:
                self._hold(coupon, order_id)

    def give_back(self, cause: Event, row: TermsReservation, why: Cause) -> None:
        """Coupons and points of a placement are free again."""
        for coupon in [one for one in self.coupons.values() if one.order_id == row.order_id]:
            self._hold(coupon, None)
        self.redeemer.give_back(cause, _key(row), why.value)

    def take_all_the_same(self, cause: Event, row: TermsReservation, quote: Quote | None) -> None:
        """An order is confirmed though nothing is reserved any more: it has what is still there."""
        if quote is None:
            return
        self.take_coupons(quote, row.order_id)
        value = convert(quote.points_value, quote.currency, quote.exchange_rate, self.work.base_currency)
        self.redeemer.again(cause, _key(row), value)

    def used_points(self, row: TermsReservation) -> list[TermsPoints]:
        """What a placement has of points, by member."""
        return [TermsPoints(**kept._asdict()) for kept in self.redeemer.kept(row.id)]

    def take_return(self, cause: Event, row: TermsReservation, pieces: Mapping[int, int]) -> None:
        """Pieces in all that came back bring their share of the points back."""
        self.redeemer.take_return(cause, _key(row), pieces, Cause.RETURNED.value)

    def _hold(self, coupon: Coupon, order_id: UUID | None) -> None:
        self.coupons[coupon.id] = coupon.model_copy(update={"order_id": order_id})
        self.moved.add(coupon.id)

    async def write(self) -> None:
        """Everything at once."""
        await coupons.save_held(self.work, [self.coupons[one] for one in sorted(self.moved)])
        await self.redeemer.write()


def _key(row: TermsReservation) -> tuple[UUID, UUID, UUID]:
    return row.order_id, row.stream_key, row.id


def _asked(whole: Whole) -> list[Asked]:
    return [
        Asked(line.line_no, line.sku, line.quantity, line.points_discount)
        for line in whole.lines
        if line.points_discount
    ]


async def open_holdings(
    work: Work, quotes: Iterable[Quote], order_ids: Collection[UUID], rows: Sequence[TermsReservation]
) -> Holdings:
    """Coupons and members of quotes, those that orders have, and what these reservations redeem."""
    found = list(quotes)
    named = sorted({one for quote in found for one in quote.coupon_ids})
    members = {quote.points_account_id for quote in found if quote.points_account_id is not None}
    locked = await coupons.lock_coupons(work, named, sorted(order_ids))
    redeemer = await open_redeemer(work, members, {row.id for row in rows if row.points})
    return Holdings(work, locked, redeemer, {quote.id: quote for quote in found})
