"""Pure rules of payments: how much of an order may be paid, of a payment allocated and given back."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Conflict, FieldError, Invalid


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


def check_sum(amount: int, allocations: Sequence[int]) -> None:
    """Raises OverAllocated when the allocations exceed the amount."""
    if sum(allocations) > amount:
        detail = f"{sum(allocations)} of {amount} is allocated"
        raise OverAllocated(detail, errors=[FieldError("/allocations", OverAllocated.code, detail)])


def unallocated(amount: int, refunded: int, allocations: Sequence[tuple[int, int]]) -> int:
    """What of a payment is neither refunded nor allocated; `allocations` are (amount, refunded of it)."""
    return amount - refunded - sum(given - back for given, back in allocations)
