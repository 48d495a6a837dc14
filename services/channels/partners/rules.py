"""What partners may become."""

from __future__ import annotations

from kit.transitions import Move, Moves
from services.channels.partners.enums import PartnerState

MOVES: Moves[PartnerState] = {
    "activate": Move((PartnerState.APPLIED, PartnerState.SUSPENDED), PartnerState.ACTIVE),
    "suspend": Move((PartnerState.ACTIVE,), PartnerState.SUSPENDED),
}
