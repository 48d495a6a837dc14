"""What orders refer to: other slices' things, found by one statement and checked without another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated
from uuid import UUID

from kit.db.columns import DECODED, FrozenRow
from kit.errors import Conflict, FieldError, Invalid, NotHeardYet, UnknownReference
from services.customer.accounts.enums import CustomerType
from services.customer.accounts.rules import customer_type_on
from services.customer.orders.rules import DEFAULT_TERMS_DAYS


class NoExchangeRate(Conflict):
    """No rate of the currency is valid on the order's date."""

    code, title = "no-exchange-rate", "There is no exchange rate for that day"


class SellerLeft(Invalid):
    """An entered split names a seller who has left by the day of the order."""

    code, title = "seller-left", "A credited seller has left"


def has_ended(membership: tuple[date, date | None], day: date) -> bool:
    """Whether a membership (first day, first day after it) is over on a day."""
    return membership[1] is not None and membership[1] <= day


class References(FrozenRow):
    """Products (a sku as it was named, to the product's own spelling and its line, None when inactive) with their
    costs by day (the latest first), states of partners, channels (whether they are active), promotions that have begun
    once, the accounts that each contact is one of (merged ones are one), memberships of sellers (from a day until
    before another), the earliest first, and rates (currency, first day, base units per unit), the latest first: those
    that a set of orders names.
    `quotes` has (currency, number of the line, sku, price of a piece by the list) of the lines of each quote, `above`
    the leads of the units of ended memberships (member, first day, lead), the nearest first; `earlier`
    the accounts and days of the orders, and the date of the latest confirmed order of the account before that day."""

    products: Annotated[dict[str, tuple[str, str | None]], DECODED]
    costs: Annotated[dict[str, tuple[tuple[date, int], ...]], DECODED]
    partners: Annotated[dict[UUID, str], DECODED]
    channels: Annotated[dict[UUID, bool], DECODED]
    promotions: Annotated[frozenset[UUID], DECODED]
    contacts: Annotated[dict[UUID, frozenset[UUID]], DECODED]
    memberships: Annotated[tuple[tuple[UUID, date, date | None], ...], DECODED]
    above: Annotated[tuple[tuple[UUID, date, UUID], ...], DECODED]
    rates: Annotated[tuple[tuple[str, date, str], ...], DECODED]
    earlier: Annotated[tuple[tuple[UUID, date, date | None], ...], DECODED]
    terms: Annotated[dict[UUID, int], DECODED]
    bought: Annotated[frozenset[UUID], DECODED]
    quotes: Annotated[dict[UUID, tuple[tuple[str, int, str, int], ...]], DECODED]

    @cached_property
    def _last(self) -> dict[tuple[UUID, date], date | None]:
        return {(account_id, day): last for account_id, day, last in self.earlier}

    def is_first(self, account_id: UUID) -> bool:
        """Whether nothing was confirmed yet of the account or of one that is one with it."""
        return account_id not in self.bought

    def customer_type(self, account_id: UUID, day: date) -> CustomerType:
        """What the account was when it ordered on that day."""
        return customer_type_on(day, self._last[account_id, day])

    def terms_days(self, account_id: UUID) -> int:
        """How many days to pay an order of the account has that does not say so itself."""
        return self.terms.get(account_id, DEFAULT_TERMS_DAYS)

    def unit_cost(self, sku: str, day: date) -> int | None:
        """What a unit of the product, by its own spelling, costs on a day in base currency; None where that is not
        known."""
        return next((cost for valid_from, cost in self.costs.get(sku, ()) if valid_from <= day), None)

    def list_price(self, quote_id: UUID | None, currency: str, line_no: int, sku: str) -> int | None:
        """What a piece costs by the list as a quote has it, by its line of that number or the first of the product;
        None without a quote in this currency that names the product."""
        quoted = self.quotes.get(quote_id, ()) if quote_id is not None else ()
        found = [
            (number != line_no, number, price) for of, number, named, price in quoted if (of, named) == (currency, sku)
        ]
        return min(found)[2] if found else None

    def check_contact(self, contact_id: UUID | None, account_id: UUID) -> None:
        """Raises UnknownReference for a contact that is not the account's."""
        if contact_id is not None and account_id not in self.contacts.get(contact_id, ()):
            detail = "no such contact of the account"
            raise UnknownReference(detail, errors=[FieldError("/contact_id", "unknown-reference", detail)])

    def check_promotions(self, promotions: Sequence[UUID], had: Collection[UUID]) -> None:
        """Raises NotHeardYet naming each promotion that has not begun yet and that the order did not have."""
        errors = [
            FieldError(f"/promotions/{index}/promotion_id", "unknown-reference", f"no promotion {one}")
            for index, one in enumerate(promotions)
            if one not in self.promotions and one not in had
        ]
        if errors:
            raise NotHeardYet(errors[0].detail, errors=errors[:50])

    def line(self, sku: str) -> str | None:
        """The product line of an active product, by the sku as it was named or by its own spelling."""
        return self._lines.get(sku)

    @cached_property
    def _lines(self) -> dict[str, str | None]:
        return dict(self.products.values()) | {asked: line for asked, (_, line) in self.products.items()}

    @cached_property
    def _members(self) -> dict[UUID, list[tuple[date, date | None]]]:
        found: dict[UUID, list[tuple[date, date | None]]] = {}
        for seller, first, until in self.memberships:
            found.setdefault(seller, []).append((first, until))
        return found

    def _held(self, seller: UUID, day: date) -> tuple[date, date | None] | None:
        """The membership that the seller has on a day, or had last before it."""
        begun = [one for one in self._members.get(seller, ()) if one[0] <= day]
        return begun[-1] if begun else None

    def credited(self, owner: UUID, day: date) -> UUID:
        """Who is credited for what an account of the owner orders on a day: the owner, or, once they have left, who led
        the unit that they were in last, or one above it, and is a member on that day. Without anybody it is the owner.
        """
        last = self._held(owner, day)
        if last is None or not has_ended(last, day):
            return owner
        for member, first, lead in self.above:
            if (member, first) == (owner, last[0]):
                held = self._held(lead, day)
                if held is not None and not has_ended(held, day):
                    return lead
        return owner

    def are_over(self, owners: Collection[UUID]) -> bool:
        """Whether the last membership of one of them has an end."""
        return any(self._members[one][-1][1] is not None for one in owners if one in self._members)

    def check_there(self, sellers: Sequence[UUID], day: date) -> None:
        """Raises SellerLeft naming each seller of an entered split who has left by the day of the order."""
        errors = [
            FieldError(f"/credits/{index}/member_id", SellerLeft.code, f"seller {seller} has left by {day}")
            for index, seller in enumerate(sellers)
            if (last := self._held(seller, day)) is not None and has_ended(last, day)
        ]
        if errors:
            raise SellerLeft(errors[0].detail, errors=errors)

    def check(
        self, skus: Sequence[str], sellers: Sequence[UUID], partner_id: UUID | None, channel_id: UUID | None
    ) -> None:
        """Raises NotHeardYet naming every field of an order that refers to something unknown or inactive."""
        errors = [
            FieldError(f"/lines/{index}/sku", "unknown-reference", f"no active product {sku}")
            for index, sku in enumerate(skus)
            if self.line(sku) is None
        ]
        errors += [
            FieldError(f"/credits/{index}/member_id", "unknown-reference", f"no seller {seller}")
            for index, seller in enumerate(sellers)
            if seller not in self._members
        ]
        if partner_id is not None and self.partners.get(partner_id) != "active":
            errors.append(FieldError("/partner_id", "unknown-reference", f"no active partner {partner_id}"))
        if channel_id is not None and not self.channels.get(channel_id):
            errors.append(FieldError("/channel_id", "unknown-reference", f"no active channel {channel_id}"))
        if errors:
            raise NotHeardYet(errors[0].detail, errors=errors[:50])

    def rate(self, currency: str, base_currency: str, day: date) -> str:
        """Base units per unit of a currency on a day; raises NoExchangeRate."""
        if currency == base_currency:
            return "1"
        for of, valid_from, rate in self.rates:
            if of == currency and valid_from <= day:
                return rate
        raise NoExchangeRate(f"no rate of {currency} on {day}")


NOTHING = References(
    products={},
    costs={},
    partners={},
    channels={},
    promotions=frozenset(),
    contacts={},
    memberships=(),
    above=(),
    rates=(),
    earlier=(),
    terms={},
    bought=frozenset(),
    quotes={},
)
"""Of orders that refer to nothing."""
