"""What partners may become, and what a tax id is."""

from __future__ import annotations

from kit.errors import Conflict, FieldError, Invalid
from kit.tax_ids import NotATaxId, organization_tax_id
from kit.transitions import Move, Moves
from services.channels.partners.enums import PartnerState

MOVES: Moves[PartnerState] = {
    "screen": Move((PartnerState.APPLIED, PartnerState.APPROVED), PartnerState.SCREENING),
    "approve": Move((PartnerState.SCREENING,), PartnerState.APPROVED),
    "reject": Move((PartnerState.SCREENING,), PartnerState.APPLIED),
    "activate": Move((PartnerState.APPLIED, PartnerState.APPROVED, PartnerState.SUSPENDED), PartnerState.ACTIVE),
    "suspend": Move((PartnerState.ACTIVE,), PartnerState.SUSPENDED),
    "terminate": Move((PartnerState.ACTIVE, PartnerState.SUSPENDED), PartnerState.TERMINATED),
}
STANDING = tuple(state for state in PartnerState if state is not PartnerState.TERMINATED)
"""States of partners with whom something may still be agreed."""


class DuplicatePartner(Conflict):
    """Another partner of the country has this tax id; `conflicting_id` names it to who sees tax ids in full."""

    code, title = "duplicate-partner", "There is such a partner already"


class PartnerTaxIdInvalid(Invalid):
    """The tax id does not fit its country."""

    code, title = "tax-id-invalid", "The tax id is not valid"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail, errors=[FieldError(pointer, self.code, detail)])


def clean_tax_id(country: str | None, tax_id: str | None) -> str | None:
    """The tax id of a partner as its country writes it (`kit.tax_ids.organization_tax_id`); raises PartnerTaxIdInvalid,
    also for one without a country.

    >>> clean_tax_id("CN", "9111 0000 6000 3734 1l")
    '91110000600037341L'
    """
    if tax_id is None:
        return None
    if country is None:
        raise PartnerTaxIdInvalid("/country", "a tax id needs its country")
    try:
        return organization_tax_id(country, tax_id)
    except NotATaxId as error:
        raise PartnerTaxIdInvalid("/tax_id", str(error)) from None
