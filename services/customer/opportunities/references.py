"""What opportunities refer to: other slices' things, found once for any number of bodies and checked without another
statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kit.errors import FieldError, NotHeardYet, UnknownReference
from services.customer.accounts.rules import OwnerLeft
from services.customer.orders.references import NoExchangeRate


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The accounts that each contact that the caller sees is one of (its own, and those that are one with it), states
    of partners, sellers that the caller may name and those
    of them who have left, rates by (currency, day)."""

    contacts: Mapping[UUID, Collection[UUID]]
    partners: Mapping[UUID, str]
    sellers: frozenset[UUID]
    left: frozenset[UUID]
    rates: Mapping[tuple[str, date], str]

    def check_contact(self, contact_id: UUID | None, account_id: UUID) -> None:
        """Raises UnknownReference for a contact that is not the account's."""
        if contact_id is not None and account_id not in self.contacts.get(contact_id, ()):
            detail = "no such contact of the account"
            raise UnknownReference(detail, errors=[FieldError("/contact_id", "unknown-reference", detail)])

    def check_partner(self, partner_id: UUID | None) -> None:
        """Raises NotHeardYet for a partner that is not active."""
        if partner_id is not None and self.partners.get(partner_id) != "active":
            detail = f"no active partner {partner_id}"
            raise NotHeardYet(detail, errors=[FieldError("/partner_id", "unknown-reference", detail)])

    def check_owner(self, owner_id: UUID | None) -> None:
        """Raises NotHeardYet for an owner whom the caller may not name, OwnerLeft."""
        if owner_id is None:
            return
        if owner_id not in self.sellers:
            detail = f"no seller {owner_id}"
            raise NotHeardYet(detail, errors=[FieldError("/owner_id", "unknown-reference", detail)])
        if owner_id in self.left:
            raise OwnerLeft(owner_id)

    def rate(self, currency: str, day: date) -> str:
        """Base units per unit of a currency on a day; raises NoExchangeRate."""
        rate = self.rates.get((currency, day))
        if rate is None:
            detail = f"no rate of {currency} on {day}"
            raise NoExchangeRate(detail, errors=[FieldError("/currency", NoExchangeRate.code, detail)])
        return rate
