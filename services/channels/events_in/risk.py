"""What channels hears of holds: a partner on hold registers no deals and is paid no rebates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from kit.events.contract import Heard


class CreditHoldHeard(Heard):
    """All standing reasons of a profile: on hold while there is one."""

    subject_kind: Literal["account", "partner"]
    account_id: UUID | None
    partner_id: UUID | None
    hold_reasons: list[str]
    version: int


HEARD: Mapping[str, type[Heard]] = {
    "risk.credit.hold_placed.v1": CreditHoldHeard,
    "risk.credit.hold_lifted.v1": CreditHoldHeard,
}
