"""Pure rules of credit: whether an order fits under the limit and the terms, and is covered by a deposit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from kit.money import MAX_AMOUNT, SHARE_WHOLE
from services.risk.deposits.rules import UNNAMED, Named


class RefusalReason(StrEnum):
    """Why a reservation was refused, in the words of the first release; a later cause says `limit_exceeded` here."""

    NO_PROFILE = "no_profile"
    LIMIT_EXCEEDED = "limit_exceeded"


Cause = Literal[
    "no_profile",
    "on_hold",
    "terms_exceeded",
    "deposit_missing",
    "limit_exceeded",
    "partner_on_hold",
    "partner_limit_exceeded",
]
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


def exceeds_terms(asked_days: int | None, allowed_days: int | None) -> bool:
    """Whether an order asks for more days to pay than are allowed (None: any; an order that says none asks none)."""
    return allowed_days is not None and asked_days is not None and asked_days > allowed_days


def decide_reservation(
    limit: int | None,
    exposure_sum: int,
    amount: int,
    deposit_share: int = 0,
    named: Named = UNNAMED,
    *,
    exceeds_terms: bool = False,
    is_on_hold: bool = False,
    is_partner_on_hold: bool = False,
    partner_limit: int | None = None,
    partner_exposure: int = 0,
) -> Reserved | Refused:
    """Whether `amount` >= 0 may be reserved under `limit` (None: no profile) on top of the exposure.

    All in minor units of the base currency. The cover of the amount (`deposit_share` of it) has to lie on account: it
    uses the customer's own money (-exposure, where that is positive), which settles first what is owed; the rest uses
    the limit, which that money never raises. What is `named` for the order covers it whatever the share, as far as it
    is there; what is named for others is not its own. Without a profile everything is refused, the shortfall is the
    amount; with one, an amount of 0 fails on a hold or on its terms alone. A hold, of the account or of the partner
    that the order names, and more days to pay than the terms have refuse every amount: the whole of it is short. The
    limit of the partner (None: it binds nothing) is held against its own exposure and all of the amount, as no money on
    account is its own. Raises
    ValueError for a negative amount, limit or named money, an amount past 10^13, or a share outside 0..1,000,000.
    """
    if not 0 <= amount <= MAX_AMOUNT:
        raise ValueError(f"amount {amount} is outside 0..{MAX_AMOUNT}")
    if not 0 <= deposit_share <= SHARE_WHOLE:
        raise ValueError(f"share {deposit_share} is outside 0..{SHARE_WHOLE}")
    if named.here < 0 or named.elsewhere < 0:
        raise ValueError("named money is never negative")
    if limit is None:
        return Refused(amount, RefusalReason.NO_PROFILE, ("no_profile",))
    if limit < 0:
        raise ValueError("a limit is never negative")
    own = max(0, -exposure_sum - named.elsewhere)
    cover = max(deposit_cover(amount, deposit_share), min(amount, named.here, own))
    use = credit_use(exposure_sum) + amount - cover
    beyond = 0 if partner_limit is None else credit_use(partner_exposure) + amount - partner_limit
    checks: tuple[tuple[Cause, bool, int], ...] = (
        ("on_hold", is_on_hold, amount),
        ("terms_exceeded", exceeds_terms, amount),
        ("deposit_missing", cover > own, cover - own),
        ("limit_exceeded", amount > cover and use > limit, use - limit),
        ("partner_on_hold", is_partner_on_hold, amount),
        ("partner_limit_exceeded", beyond > 0 and amount > 0, beyond),
    )
    failed = [(cause, lack) for cause, fails, lack in checks if fails]
    if failed:
        return Refused(failed[0][1], RefusalReason.LIMIT_EXCEEDED, tuple(cause for cause, _ in failed))
    return Reserved(use, max(0, limit - use))
