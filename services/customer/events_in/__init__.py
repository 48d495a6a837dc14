"""What customer hears: tolerant, reduced copies of the other services' payloads."""

from __future__ import annotations

from collections.abc import Mapping

from kit.events.contract import Heard
from services.customer.events_in import channels, risk, targets
from services.customer.events_in.channels import PartnerHeard, ProductHeard
from services.customer.events_in.risk import CreditProfileHeard, CreditRefusedHeard, CreditReservedHeard
from services.customer.events_in.targets import MemberHeard, MembershipHeard

__all__ = [
    "HEARD",
    "CreditProfileHeard",
    "CreditRefusedHeard",
    "CreditReservedHeard",
    "MemberHeard",
    "MembershipHeard",
    "PartnerHeard",
    "ProductHeard",
]

HEARD: Mapping[str, type[Heard]] = {**channels.HEARD, **risk.HEARD, **targets.HEARD}
