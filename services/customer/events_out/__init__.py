"""What customer says. Key of every event: the account's stream key.

Amounts are minor units: plain ones of the order's currency, `*_base` ones of the company's base
currency, converted once here; consumers never convert. No person's name, contact data or tax id.
"""

from __future__ import annotations

from kit.events.contract import Published
from services.customer.events_out import accounts, orders, payments, returns
from services.customer.events_out.accounts import AccountCreated, AccountSnapshot, AccountUpdated
from services.customer.events_out.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderCredit,
    OrderFulfilled,
    OrderHeld,
    OrderLine,
    OrderPlaced,
    OrderSnapshot,
    OrderState,
)
from services.customer.events_out.payments import PaymentAllocation, PaymentReceived, PaymentRefunded
from services.customer.events_out.returns import OrderReturned, ReturnedLine

__all__ = [
    "PUBLISHED",
    "AccountCreated",
    "AccountSnapshot",
    "AccountUpdated",
    "OrderCancelled",
    "OrderConfirmed",
    "OrderCredit",
    "OrderFulfilled",
    "OrderHeld",
    "OrderLine",
    "OrderPlaced",
    "OrderReturned",
    "OrderSnapshot",
    "OrderState",
    "PaymentAllocation",
    "PaymentReceived",
    "PaymentRefunded",
    "ReturnedLine",
]

PUBLISHED: tuple[type[Published], ...] = (
    *accounts.PUBLISHED,
    *orders.PUBLISHED,
    *returns.PUBLISHED,
    *payments.PUBLISHED,
)
