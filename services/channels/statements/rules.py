"""Pure rules of statements: what is paid, what is carried, which moves there are."""

from __future__ import annotations

from kit.errors import Conflict, Invalid
from kit.transitions import Move, Moves
from services.channels.statements.enums import RebateStatementState as State

MOVES: Moves[State] = {
    "approve": Move((State.CALCULATED,), State.APPROVED),
    "pay": Move((State.APPROVED,), State.PAID),
    "dispute": Move((State.CALCULATED,), State.DISPUTED),
    "recalculate": Move((State.CALCULATED, State.DISPUTED), State.CALCULATED),
    "cancel": Move((State.CALCULATED, State.DISPUTED), State.CANCELLED),
}


class SamePerson(Conflict):
    code, title = "same-person", "Somebody else than its author must decide"


class PartnerOnHold(Conflict):
    code, title = "partner-on-hold", "The partner is on hold: nothing is approved or paid"


class NothingToPay(Conflict):
    code, title = "nothing-to-pay", "What a statement comes to is carried to the next one"


class FutureDate(Invalid):
    code, title = "future-date", "The day has not come yet"


def payable_of(total: int, min_payout: int) -> int:
    """What of a total (minor units) is paid: all of it once it is positive and reaches the least payout, else nothing;
    what is not paid is the carry of the next statement.

    >>> payable_of(5_000, 5_000), payable_of(4_999, 5_000), payable_of(-1, 0), payable_of(0, 0)
    (5000, 0, 0, 0)
    """
    return total if total > 0 and total >= min_payout else 0
