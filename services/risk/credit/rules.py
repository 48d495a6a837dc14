"""Pure rules of credit: whether an order's amount fits under the limit and is covered by a deposit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from kit.money import MAX_AMOUNT, SHARE_WHOLE


class RefusalReason(StrEnum):
    """Why a reservation was refused, in the words of the first release; a later cause says `limit_exceeded` here."""

    NO_PROFILE = "no_profile"
    LIMIT_EXCEEDED = "limit_exceeded"


Cause = Literal["no_profile", "deposit_missing", "limit_exceeded"]
"""What a reservation fails on, in the order in which it is checked."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """The amount fits; `use` and `headroom` are those after the reservation, in minor units."""

    use: int
    headroom: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The amount does not fit; `shortfall` is what the first of the `causes` lacks, in minor units."""

    shortfall: int
    reason: RefusalReason
    causes: tuple[Cause, ...]


def credit_use(exposure_sum: int) -> int:
    """Use of a limit: max(0, sum of the exposure ledger); a credit balance never raises headroom."""
    return max(0, exposure_sum)


def deposit_cover(amount: int, deposit_share: int) -> int:
    """What of an amount has to be paid first: its share in millionths, rounded up."""
    return -(-amount * deposit_share // SHARE_WHOLE)


def decide_reservation(limit: int | None, exposure_sum: int, amount: int, deposit_share: int = 0) -> Reserved | Refused:
    """Whether `amount` >= 0 may be reserved under `limit` (None: no profile) on top of the exposure.

    All in minor units of the base currency. The cover of the amount (`deposit_share` of it) has to lie on account: it
    uses the customer's own money (-exposure, where that is positive), which settles first what is owed; the rest uses
    the limit, which that money never raises. Without a profile everything is refused, the shortfall is the amount; with
    one, an amount of 0 always fits. Raises ValueError for a negative amount or limit, an amount past 10^13, or a share
    outside 0..1,000,000.
    """
    if not 0 <= amount <= MAX_AMOUNT:
        raise ValueError(f"amount {amount} is outside 0..{MAX_AMOUNT}")
    if not 0 <= deposit_share <= SHARE_WHOLE:
        raise ValueError(f"share {deposit_share} is outside 0..{SHARE_WHOLE}")
    if limit is None:
        return Refused(amount, RefusalReason.NO_PROFILE, ("no_profile",))
    if limit < 0:
        raise ValueError("a limit is never negative")
    cover = deposit_cover(amount, deposit_share)
    use = credit_use(exposure_sum) + amount - cover
    lacking: dict[Cause, int] = {"deposit_missing": cover - max(0, -exposure_sum)}
    if amount > cover:
        lacking["limit_exceeded"] = use - limit
    causes = tuple(cause for cause, lack in lacking.items() if lack > 0)
    if causes:
        return Refused(lacking[causes[0]], RefusalReason.LIMIT_EXCEEDED, causes)
    return Reserved(use, max(0, limit - use))
