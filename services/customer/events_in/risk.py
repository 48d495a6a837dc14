"""What customer hears of credit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from kit.events.contract import Heard


class CreditReservedHeard(Heard):
    """risk.credit.reserved.v1: the placement's amount is reserved."""

    order_id: UUID
    placement: int
    decision: Literal["automatic", "override"] = "automatic"


class CreditRefusedHeard(Heard):
    """risk.credit.refused.v1: nothing is reserved; `shortfall` in base currency."""

    order_id: UUID
    placement: int
    reason: str
    shortfall: int


HEARD: Mapping[str, type[Heard]] = {
    "risk.credit.reserved.v1": CreditReservedHeard,
    "risk.credit.refused.v1": CreditRefusedHeard,
}
