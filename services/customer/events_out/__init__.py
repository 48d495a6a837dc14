"""What customer says. Key: the account's stream key, without an account the thing's own id; of rates the currency.

Amounts are minor units: plain ones of the order's currency, `*_base` ones of the company's base
currency, converted once here; consumers never convert. No person's name, contact data or tax id.
"""

from __future__ import annotations

from kit.events.contract import Published
from services.customer.events_out import (
    accounts,
    activities,
    cases,
    contacts,
    exchange_rates,
    grades,
    imports,
    leads,
    lifecycle,
    opportunities,
    orders,
    payments,
    returns,
    segments,
    surveys,
)
from services.customer.events_out.accounts import (
    AccountCreated,
    AccountMerged,
    AccountSnapshot,
    AccountUnmerged,
    AccountUpdated,
)
from services.customer.events_out.contacts import ContactConsentChanged, ContactCreated, ContactUpdated
from services.customer.events_out.orders import (
    OrderCancelled,
    OrderClosed,
    OrderConfirmed,
    OrderFulfilled,
    OrderHeld,
    OrderLine,
    OrderPlaced,
    OrderReopened,
    OrderSnapshot,
    OrderSplit,
    OrderState,
)
from services.customer.events_out.payments import (
    PaymentAllocated,
    PaymentAllocation,
    PaymentReceived,
    PaymentRefunded,
    PaymentVoided,
)
from services.customer.events_out.returns import OrderReturned, ReturnedLine

__all__ = [
    "AGREED",
    "PUBLISHED",
    "AccountCreated",
    "AccountMerged",
    "AccountSnapshot",
    "AccountUnmerged",
    "AccountUpdated",
    "ContactConsentChanged",
    "ContactCreated",
    "ContactUpdated",
    "OrderCancelled",
    "OrderClosed",
    "OrderConfirmed",
    "OrderFulfilled",
    "OrderHeld",
    "OrderLine",
    "OrderPlaced",
    "OrderReopened",
    "OrderReturned",
    "OrderSnapshot",
    "OrderSplit",
    "OrderState",
    "PaymentAllocated",
    "PaymentAllocation",
    "PaymentReceived",
    "PaymentRefunded",
    "PaymentVoided",
    "ReturnedLine",
]

MODULES = (
    accounts,
    orders,
    returns,
    payments,
    contacts,
    leads,
    opportunities,
    activities,
    cases,
    surveys,
    grades,
    lifecycle,
    segments,
    imports,
    exchange_rates,
)
PUBLISHED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.PUBLISHED)
AGREED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.AGREED)
"""What is agreed and not said yet: it moves to `PUBLISHED` with the change that says it first."""
