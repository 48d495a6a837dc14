"""Pure rules of payments: how much of an order may be paid, of a payment allocated and given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.errors import Conflict, FieldError, Invalid
from kit.money import MAX_AMOUNT, convert
from services.customer.orders.rules import EARLIEST


class AllocationRefused(Conflict):
    """The allocations of an order would pass its gross amount, or it is not one that the payment may pay."""

    code, title = "allocation-refused", "The amount cannot be allocated to this order"


def check_paid(gross: int, paid: int, pointer: str) -> None:
    """Raises AllocationRefused when more than its gross amount would be paid of an order; returns do not lower it."""
    if paid > gross:
        detail = f"{paid} in all passes the order's gross amount {gross}"
        raise AllocationRefused(detail, errors=[FieldError(pointer, AllocationRefused.code, detail)])


class OverAllocated(Invalid):
    """More is allocated than the amount of the payment or refund."""

    code, title = "over-allocated", "The allocations exceed the amount"


class RefundRefused(Conflict):
    """More would go back than is left of the payment, of an allocation, or of its unallocated part."""

    code, title = "refund-refused", "The payment does not hold that much"


class VoidRefused(Conflict):
    """The payment has gone back in part, or pays an order that is closed."""

    code, title = "void-refused", "The payment cannot be voided"


class BaseOverflow(Invalid):
    """The money is worth more than 10^13 minor units of the base currency."""

    code, title = "amount-overflow", "The amount is too large"


class AlreadyVoided(Conflict):
    """The payment did not happen: nothing of it can be allocated, refunded or voided again."""

    code, title = "payment-voided", "The payment was voided"


def check_moved_on(day: date, first: date, today: date, pointer: str) -> None:
    """Raises Invalid for a day after today, before the one on which the money was there (`first`), or too long ago."""
    if day > today:
        raise Invalid("a future day", errors=[FieldError(pointer, "future-date", f"{day} lies after {today}")])
    if day < EARLIEST:
        raise Invalid("a day too long ago", errors=[FieldError(pointer, "early-date", f"{day} lies before {EARLIEST}")])
    if day < first:
        detail = f"{day} lies before {first}"
        raise Invalid("a day before the money was there", errors=[FieldError(pointer, "early-date", detail)])


def on_account_base(amount: int, currency: str, rate: str | None, base_currency: str) -> int:
    """What `amount` on account is worth in base currency: half-even at `rate`, 0 without one.

    A function of what stands: however a deposit is used up, what was booked for it telescopes to 0.
    """
    return 0 if rate is None else convert(amount, currency, rate, base_currency)


def check_worth(amount: int, currency: str, rate: str | None, base_currency: str) -> None:
    """Raises BaseOverflow for money that no amount in base currency can say."""
    worth = on_account_base(amount, currency, rate, base_currency)
    if worth > MAX_AMOUNT:
        detail = f"{amount} of {currency} at {rate} passes {MAX_AMOUNT} of {base_currency}"
        raise BaseOverflow(detail, errors=[FieldError("/amount", BaseOverflow.code, detail)])


def days_between(due_on: date, received_on: date) -> int:
    """Days that money came after an order was due, at least 0."""
    return max(0, (received_on - due_on).days)


def check_sum(amount: int, allocations: Sequence[int]) -> None:
    """Raises OverAllocated when the allocations exceed the amount."""
    if sum(allocations) > amount:
        detail = f"{sum(allocations)} of {amount} is allocated"
        raise OverAllocated(detail, errors=[FieldError("/allocations", OverAllocated.code, detail)])


def unallocated(amount: int, refunded: int, allocations: Sequence[tuple[int, int]]) -> int:
    """What of a payment is neither refunded nor allocated; `allocations` are (amount, refunded of it)."""
    return amount - refunded - sum(given - back for given, back in allocations)
