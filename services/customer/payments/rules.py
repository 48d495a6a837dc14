"""Pure rules of payments: what an allocation is worth in the base currency."""

from __future__ import annotations

from kit.errors import Conflict
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
