"""What orders refer to: other slices' things, found by one statement and checked without another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Annotated
from uuid import UUID

from kit.db.columns import DECODED, FrozenRow
from kit.errors import Conflict, FieldError, NotHeardYet
from services.customer.accounts.enums import CustomerType
from services.customer.accounts.rules import customer_type_on


class NoExchangeRate(Conflict):
    """No rate of the currency is valid on the order's date."""

    code, title = "no-exchange-rate", "There is no exchange rate for that day"


class References(FrozenRow):
    """Products (a sku as it was named, to the product's own spelling and its line, None when inactive), states of
    partners, sellers, and rates (currency, first day, base units per unit), the latest first: those that a set of
    orders names. `earlier` has the accounts and days of the orders, and the date of the latest confirmed order of the
    account before that day."""

    products: Annotated[dict[str, tuple[str, str | None]], DECODED]
    partners: Annotated[dict[UUID, str], DECODED]
    sellers: Annotated[frozenset[UUID], DECODED]
    rates: Annotated[tuple[tuple[str, date, str], ...], DECODED]
    earlier: Annotated[tuple[tuple[UUID, date, date | None], ...], DECODED]

    @cached_property
    def _last(self) -> dict[tuple[UUID, date], date | None]:
        return {(account_id, day): last for account_id, day, last in self.earlier}

    def customer_type(self, account_id: UUID, day: date) -> CustomerType:
        """What the account was when it ordered on that day."""
        return customer_type_on(day, self._last[account_id, day])

    def line(self, sku: str) -> str | None:
        """The product line of an active product."""
        return self.products[sku][1] if sku in self.products else None

    def check(self, skus: Sequence[str], sellers: Sequence[UUID], partner_id: UUID | None) -> None:
        """Raises NotHeardYet naming every field of an order that refers to something unknown or inactive."""
        errors = [
            FieldError(f"/lines/{index}/sku", "unknown-reference", f"no active product {sku}")
            for index, sku in enumerate(skus)
            if self.line(sku) is None
        ]
        errors += [
            FieldError(f"/credits/{index}/member_id", "unknown-reference", f"no seller {seller}")
            for index, seller in enumerate(sellers)
            if seller not in self.sellers
        ]
        if partner_id is not None and self.partners.get(partner_id) != "active":
            errors.append(FieldError("/partner_id", "unknown-reference", f"no active partner {partner_id}"))
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
