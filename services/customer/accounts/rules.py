"""Pure rules of accounts: tax ids, and whether a customer is new, existing or dormant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid
from kit.tax_ids import NotATaxId, formatted_tax_id, organization_tax_id
from services.customer.accounts.enums import AccountKind, CustomerType
from services.customer.accounts.regions import clean_region

DORMANT_DAYS: Final = 365
_DAY = timedelta(days=1)


class DuplicateAccount(Conflict):
    """Another account has this tax id or external id."""

    code, title = "duplicate-account", "There is such an account already"


class AccountArchived(Conflict):
    """The account is archived and takes no changes or orders."""

    code, title = "account-archived", "The account is archived"


class AccountMerged(Conflict):
    """The account was merged into another one: that one takes the changes."""

    code, title = "account-merged", "The account was merged into another one"


class CustomerTypeMismatch(Invalid):
    """The body says another customer type than orders do; what a company calls a customer is `business_type`."""

    code, title = "customer-type-mismatch", "The customer type follows from orders"


class OwnerLeft(Invalid):
    """Who has left the sales organisation gets no accounts."""

    code, title = "owner-left", "The owner has left"

    def __init__(self, owner_id: UUID, pointer: str = "/owner_id") -> None:
        detail = f"seller {owner_id} has left"
        super().__init__(detail, errors=[FieldError(pointer, self.code, detail)])


class TaxIdInvalid(Invalid):
    """The tax id does not fit its country."""

    code, title = "tax-id-invalid", "The tax id is not valid"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[FieldError(pointer, self.code, detail)])


def clean_tax_id(kind: str, country: str | None, tax_id: str | None) -> str | None:
    """The tax id as it is stored: as its country writes it.

    Organisations in CN have a Unified Social Credit Code (`kit.tax_ids.organization_tax_id`).
    Raises TaxIdInvalid, also for a tax id without a country.
    """
    if tax_id is None:
        return None
    if country is None:
        raise TaxIdInvalid("/country", "a tax id needs its country")
    if kind == AccountKind.ORGANIZATION:
        try:
            return organization_tax_id(country, tax_id)
        except NotATaxId as error:
            raise TaxIdInvalid("/tax_id", str(error)) from None
    formatted = formatted_tax_id(country, tax_id)
    if not formatted:
        raise TaxIdInvalid("/tax_id", "nothing of it is a number")
    return formatted


def invalid_weight(kind: str, country: str | None, tax_id: str | None, region: str | None) -> int:
    """What weighs of an account in its quality and fails the validators of today: a tax id 20, a region 15."""
    tax_id_fails = tax_id is not None and _fails(clean_tax_id, kind, country, tax_id)
    region_fails = region is not None and _fails(clean_region, country, region)
    return 20 * tax_id_fails + 15 * region_fails


def _fails(validator: Callable[..., object], *values: object) -> bool:
    try:
        validator(*values)
    except Invalid:
        return True
    return False


def customer_type_on(day: date, last: date | None) -> CustomerType:
    """What a customer is on a day; `last` is the date of the latest confirmed order dated before that day."""
    if last is None:
        return CustomerType.NEW
    return CustomerType.EXISTING if (day - last).days <= DORMANT_DAYS else CustomerType.DORMANT


def customer_type_until(day: date, last: date | None, latest: date | None) -> date | None:
    """The next day on which a customer may be something else if nothing more is ordered; None when there is none.

    `latest` is the date of the latest confirmed order, that of `day` itself included.
    """
    if latest is not None and latest >= day:
        return latest + _DAY
    if last is None or customer_type_on(day, last) is CustomerType.DORMANT:
        return None
    return last + timedelta(days=DORMANT_DAYS + 1)


def check_customer_type(given: str | None, decided: str | None) -> None:
    """Raises CustomerTypeMismatch when a body says something else than was decided."""
    if given is not None and given != decided:
        detail = f"the customer is {decided or 'not decided yet'}, by the dates of orders; {given} fits business_type"
        raise CustomerTypeMismatch(detail, errors=[FieldError("/customer_type", CustomerTypeMismatch.code, detail)])
