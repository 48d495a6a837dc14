"""What channels hears: tolerant copies, reduced to what it uses."""

from __future__ import annotations

from collections.abc import Mapping

from kit.events.contract import Heard
from services.channels.events_in import customer, risk, targets
from services.channels.events_in.customer import (
    AccountHeard,
    ExchangeRateHeard,
    LineHeard,
    OrderHeard,
    OrderReturnedHeard,
    SoldHeard,
)
from services.channels.events_in.targets import MemberHeard, MembershipHeard

__all__ = [
    "HEARD",
    "AccountHeard",
    "ExchangeRateHeard",
    "LineHeard",
    "MemberHeard",
    "MembershipHeard",
    "OrderHeard",
    "OrderReturnedHeard",
    "SoldHeard",
]

HEARD: Mapping[str, type[Heard]] = {**customer.HEARD, **risk.HEARD, **targets.HEARD}
