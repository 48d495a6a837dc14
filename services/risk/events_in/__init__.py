"""What risk hears: tolerant copies, reduced to what it uses."""

from __future__ import annotations

from collections.abc import Mapping

from kit.events.contract import Heard
from services.risk.events_in import channels, customer, targets
from services.risk.events_in.channels import PartnerHeard
from services.risk.events_in.customer import (
    AccountHeard,
    AccountRedirectHeard,
    AllocationHeard,
    ExchangeRateHeard,
    OrderConfirmedHeard,
    OrderHeard,
    OrderHeldHeard,
    OrderReturnedHeard,
    PaymentAllocatedHeard,
    PaymentHeard,
    PaymentReceivedHeard,
    PaymentRefundedHeard,
    PaymentVoidedHeard,
)
from services.risk.events_in.targets import MemberHeard, MembershipHeard

__all__ = [
    "HEARD",
    "AccountHeard",
    "AccountRedirectHeard",
    "AllocationHeard",
    "ExchangeRateHeard",
    "MemberHeard",
    "MembershipHeard",
    "OrderConfirmedHeard",
    "OrderHeard",
    "OrderHeldHeard",
    "OrderReturnedHeard",
    "PartnerHeard",
    "PaymentAllocatedHeard",
    "PaymentHeard",
    "PaymentReceivedHeard",
    "PaymentRefundedHeard",
    "PaymentVoidedHeard",
]

HEARD: Mapping[str, type[Heard]] = {**channels.HEARD, **customer.HEARD, **targets.HEARD}
