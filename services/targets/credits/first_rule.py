"""The first rule of crediting, kept for the facts that were decided by it: each line rounded by itself.

The ledger of an order after any returns is split(net) - split(returned so far), per line and member. Odd cents of all
lines go to the same member, and a partial return can leave somebody below zero: `rules` has what is decided now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.money import MAX_AMOUNT, allocate
from services.targets.credits.rules import CreditSharesInvalid, check_shares


@dataclass(frozen=True, slots=True)
class LineAmount:
    """Net base amount of an order line, in minor units of the base currency."""

    line: int
    amount: int


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """Net base amount of a line returned so far, before and after a return; both count from zero up."""

    line: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class CreditAmount:
    """What one member is credited (negative: reversed) for one order line."""

    line: int
    member_id: str
    amount: int


def split_lines(lines: Sequence[LineAmount], shares: Sequence[tuple[str, int]]) -> list[CreditAmount]:
    """Credit each line over the members by `shares` (member id, 1e-6), members in id order.

    Largest remainder per line, ties to the smaller member id: each line's credits sum to its amount,
    whatever the order of the shares. Zero amounts are kept, one credit per line and member.
    Raises CreditSharesInvalid, ValueError past 10^13.
    """
    ordered = _checked(shares)
    members, weights = [member for member, _ in ordered], [share for _, share in ordered]
    credits = []
    for line in lines:
        if abs(line.amount) > MAX_AMOUNT:
            raise ValueError(f"line {line.line}: the amount passes {MAX_AMOUNT}")
        parts = allocate(line.amount, weights, members)
        credits += [CreditAmount(line.line, member, part) for member, part in zip(members, parts, strict=True)]
    return credits


def reverse_lines(lines: Sequence[ReturnedLine], shares: Sequence[tuple[str, int]]) -> list[CreditAmount]:
    """Reversal of a return: split(before) - split(after) of each line's amount returned so far.

    `shares` are those of the original credit. It telescopes: the reversals of any steps that end at
    the line's full amount cancel each member's credit exactly. Zero amounts are kept.
    Raises CreditSharesInvalid, ValueError past 10^13.
    """
    before = split_lines([LineAmount(line.line, line.before) for line in lines], shares)
    after = split_lines([LineAmount(line.line, line.after) for line in lines], shares)
    return [
        CreditAmount(old.line, old.member_id, old.amount - new.amount) for old, new in zip(before, after, strict=True)
    ]


def _checked(shares: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    ordered = sorted(shares)
    check_shares(share for _, share in ordered)
    if len({member for member, _ in ordered}) != len(ordered):
        raise CreditSharesInvalid("a member is named twice")
    return ordered
