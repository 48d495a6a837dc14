"""Pure rules of accounts: tax ids."""

from __future__ import annotations

from uuid import UUID

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from kit.errors import Conflict, FieldError, Invalid
from services.customer.accounts.enums import AccountKind


class DuplicateAccount(Conflict):
    """Another account has this tax id or external id."""

    code, title = "duplicate-account", "There is such an account already"


class AccountArchived(Conflict):
    """The account is archived and takes no changes or orders."""

    code, title = "account-archived", "The account is archived"


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
    """The tax id as it is stored: without spaces, upper case.

    Organisations in CN have a Unified Social Credit Code with a valid check character (GB 32100-2015).
    Raises TaxIdInvalid, also for a tax id without a country.
    """
    if tax_id is None:
        return None
    if country is None:
        raise TaxIdInvalid("/country", "a tax id needs its country")
    if kind == AccountKind.ORGANIZATION and country == "CN":
        try:
            return str(uscc.validate("".join(tax_id.split())))
        except ValidationError as error:
            raise TaxIdInvalid("/tax_id", f"not a Unified Social Credit Code: {error}") from None
    return "".join(tax_id.split()).upper()
