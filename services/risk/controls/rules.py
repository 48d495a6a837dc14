"""Pure rules of controls: moves, what a control is worth on a day, what a bow-tie leaves of a risk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import prod
from typing import NamedTuple

from kit.money import SHARE_WHOLE
from kit.transitions import Move, Moves
from services.risk.controls.enums import ControlState, Verdict

_PLANNED, _ACTIVE, _RETIRED = ControlState

MOVES: Moves[ControlState] = {
    "activate": Move((_PLANNED,), _ACTIVE),
    "test": Move((_ACTIVE,), _ACTIVE),
    "retire": Move((_PLANNED, _ACTIVE), _RETIRED),
}


class Worth(NamedTuple):
    """What the effect of a control rests on; effects are millionths of what it stands against."""

    state: ControlState
    claimed: int
    test_every_days: int
    tested_on: date | None
    verdict: Verdict | None
    measured: int | None


def effect_on(worth: Worth, day: date) -> int:
    """What is claimed, at most what the last test has shown; 0 unless active, passed, and tested in time."""
    if worth.state is not _ACTIVE or worth.tested_on is None or worth.verdict is not Verdict.PASS:
        return 0
    if worth.tested_on + timedelta(worth.test_every_days) < day:
        return 0
    return min(worth.claimed, worth.measured or 0)


def factor_of(shares: Sequence[tuple[str, int]], effects: Iterable[tuple[str, int]]) -> int:
    """What controls leave (millionths): the sum over branches of share x product of (1 - effect), rounded once, half to
    even; all of it where there are no branches. 70/30 with 90 % against the first is 0.37."""
    if not shares:
        return SHARE_WHOLE
    against: dict[str, list[int]] = {}
    for code, effect in effects:
        against.setdefault(code, []).append(effect)
    return round(sum((share * left_of(against.get(code, ())) for code, share in shares), Fraction(0)))


def left_of(effects: Iterable[int]) -> Fraction:
    """What is left of a branch, as a fraction."""
    return prod((Fraction(SHARE_WHOLE - effect, SHARE_WHOLE) for effect in effects), start=Fraction(1))
