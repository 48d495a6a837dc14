"""Pure rules of standing approvals."""

from __future__ import annotations

from kit.errors import Invalid
from kit.transitions import Move, Moves
from services.channels.price_approvals.enums import PriceApprovalState

MOVES: Moves[PriceApprovalState] = {
    "withdraw": Move((PriceApprovalState.GRANTED,), PriceApprovalState.WITHDRAWN),
}


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The approval ends before it begins"


class HolderInvalid(Invalid):
    code, title = "holder-invalid", "An approval is for an account or for a partner, not both"
