"""What orders refer to, loaded by one statement and checked without another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.db.database import Tx
from kit.errors import Conflict, FieldError, NotHeardYet
from services.customer.deps import Desk
from services.customer.directories import repository as directories


class NoExchangeRate(Conflict):
    """No rate of the currency is valid on the order's date."""

    code, title = "no-exchange-rate", "There is no exchange rate for that day"


@dataclass(frozen=True, slots=True)
class References:
    """Directory entries and rates that a set of orders names; ids and dates are text."""

    products: Mapping[str, str | None]
    partners: Mapping[str, str]
    sellers: frozenset[str]
    rates: Sequence[tuple[str, str, str]]

    def check(self, order: Mapping[str, Any]) -> None:
        """Raises NotHeardYet naming every field of `order` that refers to something unknown or inactive."""
        errors = [
            FieldError(f"/lines/{index}/sku", "unknown-reference", f"no active product {line['sku']}")
            for index, line in enumerate(order["lines"])
            if self.products.get(line["sku"]) is None
        ]
        errors += [
            FieldError(f"/credits/{index}/member_id", "unknown-reference", f"no seller {credit['member_id']}")
            for index, credit in enumerate(order["credits"])
            if str(credit["member_id"]) not in self.sellers
        ]
        partner = order["partner_id"]
        if partner is not None and self.partners.get(str(partner)) != "active":
            errors.append(FieldError("/partner_id", "unknown-reference", f"no active partner {partner}"))
        if errors:
            raise NotHeardYet(errors[0].detail, errors=errors[:50])

    def rate(self, order: Mapping[str, Any]) -> str:
        """Base units per unit of the order's currency on its date; raises NoExchangeRate."""
        if order["currency"] == order["base_currency"]:
            return "1"
        day = str(order["order_date"])
        for currency, valid_from, rate in self.rates:
            if currency == order["currency"] and valid_from <= day:
                return rate
        raise NoExchangeRate(f"no rate of {order['currency']} on {day}")


async def load_references(tx: Tx, desk: Desk, orders: Sequence[Mapping[str, Any]]) -> References:
    """References of orders (or of the bodies that become orders); a credit without a seller refers to nothing."""
    found = await directories.get_references(
        tx,
        sorted({line["sku"] for order in orders for line in order["lines"]}),
        sorted({str(order["partner_id"]) for order in orders if order["partner_id"] is not None}),
        sorted({str(c["member_id"]) for order in orders for c in order["credits"] if c["member_id"] is not None}),
        sorted({order["currency"] for order in orders} - {desk.base_currency}),
        desk.base_currency,
    )
    rates = [(currency, valid_from, rate) for currency, valid_from, rate in found["rates"] or ()]
    return References(found["products"] or {}, found["partners"] or {}, frozenset(found["sellers"] or ()), rates)
