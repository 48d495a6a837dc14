"""What targets hears, reduced to what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from kit.events.contract import Heard
from services.targets.events_in import channels, customer, risk
from services.targets.events_in.customer import (
    CreditingShare,
    OrderConfirmed,
    OrderHeard,
    OrderLine,
    OrderReturned,
    ReturnedLine,
)

__all__ = ["HEARD", "CreditingShare", "OrderConfirmed", "OrderHeard", "OrderLine", "OrderReturned", "ReturnedLine"]

HEARD: Mapping[str, type[Heard]] = {**channels.HEARD, **customer.HEARD, **risk.HEARD}
