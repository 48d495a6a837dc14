"""Pure rules of costs: direct and indirect cost of a unit make its full cost."""

from __future__ import annotations

from typing import NamedTuple

from kit.errors import FieldError, Invalid
from kit.money import MAX_AMOUNT, SHARE_WHOLE, ratio


class IndirectTwice(Invalid):
    code, title = "indirect-twice", "Indirect cost is an amount or a share of direct cost, not both"


class AmountOverflow(Invalid):
    code, title = "amount-overflow", "The amount is larger than any amount may be"


class FullCost(NamedTuple):
    """What a unit costs in all, and how much of it is indirect; minor units of the base currency."""

    indirect: int
    full: int


def full_cost(direct: int, indirect: int | None, share: int | None) -> FullCost:
    """Direct cost and, once, an amount or a share (millionths, half-even) of it. Raises IndirectTwice, AmountOverflow.

    >>> full_cost(85, None, 100_000).full
    93
    """
    if indirect is not None and share is not None:
        raise IndirectTwice(errors=[FieldError("/indirect_share", IndirectTwice.code, IndirectTwice.title)])
    added = ratio(direct, share, SHARE_WHOLE) if share is not None else indirect or 0
    if direct + added > MAX_AMOUNT:
        raise AmountOverflow(errors=[FieldError("/direct_base", AmountOverflow.code, f"more than {MAX_AMOUNT} in all")])
    return FullCost(added, direct + added)
