"""Pure rules of payments: what an allocation is worth in the base currency."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Conflict, FieldError, Invalid
from kit.money import MAX_AMOUNT, ratio


class AllocationRefused(Conflict, ValueError):
    """The allocations of an order would fall under zero or pass its gross amount."""

    code, title = "allocation-refused", "The amount cannot be allocated to this order"


def paid_base(gross: int, gross_base: int, paid: int) -> int:
    """Base-currency worth of `paid` minor units in all of an order of `gross` (worth `gross_base`).

    round(gross_base x paid / gross), half-even; a fully paid order is worth exactly `gross_base`, an
    order of nothing 0. Raises AllocationRefused unless 0 <= paid <= gross <= 10^13.
    """
    if not 0 <= paid <= gross <= MAX_AMOUNT:
        raise AllocationRefused(f"{paid} in all is not between 0 and the order's gross amount {gross}")
    return ratio(gross_base, paid, gross) if gross else 0


def allocation_base(gross: int, gross_base: int, paid_before: int, amount: int) -> int:
    """Base-currency worth of one allocation (`amount` < 0: a refund) after `paid_before`; telescopes.

    The worths of any steps that end at the gross amount sum to exactly `gross_base`.
    Raises AllocationRefused.
    """
    return paid_base(gross, gross_base, paid_before + amount) - paid_base(gross, gross_base, paid_before)


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
