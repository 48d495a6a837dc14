"""Pure rules of credit: whether an order's amount fits under the limit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kit.money import MAX_AMOUNT


class RefusalReason(StrEnum):
    """Why a reservation was refused."""

    NO_PROFILE = "no_profile"
    LIMIT_EXCEEDED = "limit_exceeded"


@dataclass(frozen=True, slots=True)
class Reserved:
    """The amount fits; `use` and `headroom` are those after the reservation, in minor units."""

    use: int
    headroom: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The amount does not fit; `shortfall` is what the limit lacks, in minor units."""

    shortfall: int
    reason: RefusalReason


def credit_use(exposure_sum: int) -> int:
    """Use of a limit: max(0, sum of the exposure ledger); a credit balance never raises headroom."""
    return max(0, exposure_sum)


def decide_reservation(limit: int | None, exposure_sum: int, amount: int) -> Reserved | Refused:
    """Whether `amount` >= 0 may be reserved under `limit` (None: no profile) on top of the exposure.

    All in minor units of the base currency. Without a profile everything is refused, the shortfall is
    the amount; with one, an amount of 0 always fits. Raises ValueError for a negative amount or limit,
    or an amount past 10^13.
    """
    if not 0 <= amount <= MAX_AMOUNT:
        raise ValueError(f"amount {amount} is outside 0..{MAX_AMOUNT}")
    if limit is None:
        return Refused(amount, RefusalReason.NO_PROFILE)
    if limit < 0:
        raise ValueError("a limit is never negative")
    use = credit_use(exposure_sum) + amount
    if amount and use > limit:
        return Refused(use - limit, RefusalReason.LIMIT_EXCEEDED)
    return Reserved(use, max(0, limit - use))
