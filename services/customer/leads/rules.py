"""Pure rules of leads."""

from __future__ import annotations

from datetime import date

from kit.errors import Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.customer.leads.enums import LeadState

MOVES: Moves[LeadState] = {
    "start": Move((LeadState.NEW,), LeadState.WORKING),
    "qualify": Move((LeadState.WORKING,), LeadState.QUALIFIED),
    "disqualify": Move((LeadState.NEW, LeadState.WORKING, LeadState.QUALIFIED), LeadState.DISQUALIFIED),
    "reopen": Move((LeadState.DISQUALIFIED,), LeadState.WORKING),
    "convert": Move((LeadState.QUALIFIED,), LeadState.CONVERTED),
}


class LeadConverted(Conflict):
    """The lead became an account: what is known from now on is known of that."""

    code, title = "lead-converted", "The lead was converted"


class LeadNameless(Invalid):
    """A lead is a company, or a person, or a person of a company."""

    code, title = "lead-nameless", "A lead has the name of a company or of a person"


def name_of(company: str | None, person_name: str | None) -> str:
    """What a lead is called: its company, else the person. Raises LeadNameless."""
    if company or person_name:
        return company or person_name or ""
    raise LeadNameless(errors=[FieldError("/company", LeadNameless.code, "give company or person_name")])


def days_between(first: date, last: date) -> int:
    """Business dates apart.

    >>> days_between(date(2026, 2, 14), date(2026, 2, 26))
    12
    """
    return (last - first).days
