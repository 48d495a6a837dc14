"""Pure rules of draws: which prize a ticket wins follows from the seed and its number alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import count
from typing import NamedTuple

from kit.errors import Conflict, Invalid
from kit.transitions import Move, Moves
from services.channels.points_draws.enums import DrawState

MOVES: Moves[DrawState] = {
    "replace": Move((DrawState.DRAFT,), DrawState.DRAFT),
    "open": Move((DrawState.DRAFT,), DrawState.OPEN),
    "close": Move((DrawState.OPEN,), DrawState.CLOSED),
}
SPACE = 1 << 256
"""How many values a digest has."""


class SamePerson(Conflict):
    code, title = "same-person", "Somebody else than its author must open a draw"


class DrawNotOpen(Conflict):
    code, title = "points-draw-not-open", "The day is none of the draw"


class PrizeTooLarge(Invalid):
    code, title = "prize-too-large", "A prize is worth more than the policy allows"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "A draw does not end before it begins, or in the past"


class Prize(NamedTuple):
    """What may be won: how often (its weight among all), and how many there are."""

    code: str
    weight: int
    stock: int


def digest_of(seed: str) -> str:
    """What is published of a seed (hexadecimal) before: the SHA-256 of its bytes.

    >>> digest_of("00" * 32)[:16]
    '66687aadf862bd77'
    """
    return hashlib.sha256(bytes.fromhex(seed)).hexdigest()


def values_of(seed: str, number: int) -> Iterator[int]:
    """The values of a ticket: HMAC-SHA256 of its number in decimal digits under the bytes of the seed, then of
    `number:1`, `number:2` and so on, for where a value is rejected."""
    key = bytes.fromhex(seed)
    for attempt in count():
        message = f"{number}:{attempt}" if attempt else str(number)
        yield int.from_bytes(hmac.digest(key, message.encode(), "sha256"), "big")


def picked(values: Iterable[int], total: int, space: int = SPACE) -> int:
    """One of `total` places, each as probable as another: values above the last whole multiple are rejected.

    >>> [picked([value, 0], 3, space=8) for value in range(8)]
    [0, 1, 2, 0, 1, 2, 0, 0]
    """
    last = space - space % total
    return next(value % total for value in values if value < last)


def drawn(seed: str, number: int, prizes: Sequence[Prize], blanks: int) -> str | None:
    """The prize of a ticket, whether one is left or not: prizes have their weights by code, then come the blanks."""
    place = picked(values_of(seed, number), sum(prize.weight for prize in prizes) + blanks)
    for prize in sorted(prizes, key=lambda prize: prize.code):
        if place < prize.weight:
            return prize.code
        place -= prize.weight
    return None


def won(code: str | None, prizes: Sequence[Prize], given: int) -> str | None:
    """What a ticket wins of which `given` are gone already: a prize that ran out is none, the odds stay."""
    left = {prize.code: prize.stock - given for prize in prizes}
    return code if code is not None and left[code] > 0 else None


def is_within(day: date, first: date, last: date) -> bool:
    """Whether tickets are drawn on a day."""
    return first <= day <= last
