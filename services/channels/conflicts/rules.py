"""Pure rules of conflicts: how they go on, how an outcome is shared, what undercuts, which precedents are near."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid
from kit.money import SHARE_WHOLE
from kit.transitions import Move, Moves
from services.channels.channels.enums import ONLINE_KINDS, ChannelKind
from services.channels.conflicts.enums import ConflictOutcome, ConflictState, SellingMode

UNDECIDED = (ConflictState.OPENED, ConflictState.ASSESSED, ConflictState.MEDIATION, ConflictState.PROPOSED)
DECIDED = (ConflictState.AGREED, ConflictState.ARBITRATED, ConflictState.CLOSED)
MOVES: Moves[ConflictState] = {
    "assess": Move((ConflictState.OPENED,), ConflictState.ASSESSED),
    "state": Move((ConflictState.ASSESSED, ConflictState.MEDIATION), ConflictState.MEDIATION),
    "propose": Move((ConflictState.MEDIATION, ConflictState.PROPOSED), ConflictState.PROPOSED),
    "agree": Move((ConflictState.PROPOSED,), ConflictState.AGREED),
    "arbitrate": Move((ConflictState.PROPOSED,), ConflictState.ARBITRATED),
    "close": Move((ConflictState.AGREED, ConflictState.ARBITRATED), ConflictState.CLOSED),
    "dismiss": Move(UNDECIDED, ConflictState.DISMISSED),
}
WORKING_DAYS: Mapping[ConflictState, int] = {
    ConflictState.OPENED: 3,
    ConflictState.ASSESSED: 5,
    ConflictState.MEDIATION: 5,
    ConflictState.PROPOSED: 5,
}
"""Working days that a conflict is in a state at most before it is late."""
MOST_PRECEDENTS = 20


class ConflictInvalid(Invalid):
    code, title = "conflict-invalid", "The outcome does not fit the conflict"


class SharesInvalid(Invalid):
    code, title = "shares-invalid", f"Shares must sum to {SHARE_WHOLE}"


class SplitOverlap(Conflict):
    code, title = "split-overlap", "Another split holds for the account on some of these days"


class ArbitrationTooEarly(Conflict):
    code, title = "arbitration-too-early", "No party has refused, and the time for agreeing is not over"


class Traits(NamedTuple):
    """By what conflicts of a kind resemble each other."""

    product_lines: Collection[str]
    region: str | None
    severity: str
    value_base: int
    tiers: Collection[str] = ()


class Sold(NamedTuple):
    """A line as it was sold, in minor units: pieces, list and unit price of a piece, discount of all."""

    quantity: int
    list_price: int | None
    unit_price: int
    discount: int


def parties_key(partner_ids: Iterable[UUID]) -> str:
    """The parties of a conflict as one text, whatever their order."""
    return ",".join(sorted({str(each) for each in partner_ids}))


def lock_number(key: str) -> int:
    """The advisory lock of a text. Texts that share one by chance wait for each other for nothing, no more."""
    return int.from_bytes(hashlib.sha256(f"conflict {key}".encode()).digest()[:8], "big", signed=True)


def mode_of(kind: ChannelKind | None) -> SellingMode | None:
    """How a channel of a kind sells; of an order without a channel nobody knows."""
    if kind is None:
        return None
    return SellingMode.ONLINE if kind in ONLINE_KINDS else SellingMode.OFFLINE


def undercuts(line: Sold, max_discount: int, tolerance: int) -> bool:
    """Whether the net of a line lies below list x (1 - max_discount) by more than the tolerance (a share of the list).

    What is given away (a net of 0) is a gift; without a list price nothing is said. Exact: nothing is rounded.

    >>> undercuts(Sold(3, 10_000, 8_400, 0), 150_000, 10_000), undercuts(Sold(3, 10_000, 8_399, 0), 150_000, 10_000)
    (False, True)
    """
    net = line.quantity * line.unit_price - line.discount
    if not line.list_price or net <= 0:
        return False
    listed = line.list_price * line.quantity
    return listed * (SHARE_WHOLE - max_discount - tolerance) > net * SHARE_WHOLE


def sealed(snapshot: Mapping[str, object]) -> str:
    """SHA-256 of a snapshot in canonical JSON: sorted names, no spaces, UTF-8.

    >>> sealed({"b": 1, "a": "x"}) == sealed({"a": "x", "b": 1})
    True
    """
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_shares(outcome: ConflictOutcome, members: Mapping[UUID, int], partners: Mapping[UUID, int]) -> None:
    """Shares of members and of partners each sum to all; other outcomes have none. Raises SharesInvalid."""
    found = (("/member_shares", members), ("/partner_shares", partners))
    if outcome is not ConflictOutcome.SPLIT:
        wrong = [FieldError(where, SharesInvalid.code, "of a split only") for where, shares in found if shares]
    else:
        wrong = [
            FieldError(where, SharesInvalid.code, f"sum to {sum(shares.values())}")
            for where, shares in found
            if sum(shares.values()) != SHARE_WHOLE
        ]
    if wrong:
        raise SharesInvalid(errors=wrong)


def meets(first: date, last: date | None, other_first: date, other_last: date | None) -> bool:
    """Whether two validities share a day; both ends count, none is open.

    >>> day = date(2026, 3, 1)
    >>> meets(day, day, day, None), meets(date(2026, 3, 2), None, day, day)
    (True, False)
    """
    return (last is None or other_first <= last) and (other_last is None or first <= other_last)


def country_of(region: str) -> str:
    """The country of a region code.

    >>> country_of("CN-SH")
    'cn'
    """
    return region.partition("-")[0].lower()


def likeness(one: Traits, other: Traits) -> int:
    """Points of a precedent: a line in common 3, the region 2 (its country 1), the levels of its partners 2, the
    severity 1, a value within half to double 1."""
    points = 3 if set(one.product_lines) & set(other.product_lines) else 0
    if one.region is not None and other.region is not None:
        if one.region.lower() == other.region.lower():
            points += 2
        elif country_of(one.region) == country_of(other.region):
            points += 1
    if one.tiers and sorted(one.tiers) == sorted(other.tiers):
        points += 2
    points += one.severity == other.severity
    return points + (one.value_base <= 2 * other.value_base and other.value_base <= 2 * one.value_base)
