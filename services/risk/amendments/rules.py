"""Pure rules of amendments."""

from __future__ import annotations

from kit.errors import Conflict
from kit.transitions import Move, Moves
from services.risk.amendments.enums import AmendmentState

MOVES: Moves[AmendmentState] = {
    "approve": Move((AmendmentState.DRAFT,), AmendmentState.APPROVED),
    "sign": Move((AmendmentState.APPROVED,), AmendmentState.SIGNED),
    "withdraw": Move((AmendmentState.DRAFT, AmendmentState.APPROVED), AmendmentState.WITHDRAWN),
}


class AmendmentOpen(Conflict):
    code, title = "amendment-open", "The contract has an amendment that is neither signed nor withdrawn"
