"""What entries about partners may become, and when something may follow."""

from __future__ import annotations

from datetime import date

from kit.errors import FieldError, Invalid
from kit.transitions import Move, Moves
from services.channels.partner_logs.enums import PartnerLogState

MOVES: Moves[PartnerLogState] = {"close": Move((PartnerLogState.OPEN,), PartnerLogState.CLOSED)}


class PartnerLogInvalid(Invalid):
    code, title = "partner-log-invalid", "The entry cannot be as it is written"


def check_days(happened_on: date, follow_up_on: date | None, today: date) -> None:
    """What happened is no later than today, and nothing follows before it. Raises PartnerLogInvalid."""
    faults = []
    if happened_on > today:
        faults.append(FieldError("/happened_on", "in-future", f"today is {today}"))
    if follow_up_on is not None and follow_up_on < happened_on:
        faults.append(FieldError("/follow_up_on", "before-start", "follows before it happened"))
    if faults:
        raise PartnerLogInvalid(errors=faults)
