"""Pure rules of tier programmes: how versions go on, which levels may stand together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from kit.errors import FieldError, Invalid
from kit.transitions import Move, Moves
from services.channels.tier_programmes.enums import TierMetric, TierProgrammeState

MOVES: Moves[TierProgrammeState] = {
    "replace": Move((TierProgrammeState.DRAFT,), TierProgrammeState.DRAFT),
    "publish": Move((TierProgrammeState.DRAFT,), TierProgrammeState.PUBLISHED),
}


class TierLevelsInvalid(Invalid):
    code, title = "tier-levels-invalid", "Two levels have the same rank or code"


class Level(NamedTuple):
    """A level as it is told from others, and what it asks for by metric."""

    code: str
    rank: int
    thresholds: Mapping[TierMetric, int] = MappingProxyType({})


def check_levels(levels: Sequence[Level]) -> None:
    """Each rank and each code (in whatever case) once; raises TierLevelsInvalid, which names the second of two.

    >>> check_levels([Level("silver", 1), Level("gold", 2)])
    """
    faults: list[FieldError] = []
    codes: set[str] = set()
    ranks: set[int] = set()
    for number, level in enumerate(levels):
        folded = level.code.lower()
        if folded in codes:
            faults.append(FieldError(f"/levels/{number}/code", "repeated", "each code once"))
        if level.rank in ranks:
            faults.append(FieldError(f"/levels/{number}/rank", "repeated", "each rank once"))
        codes.add(folded)
        ranks.add(level.rank)
    if faults:
        raise TierLevelsInvalid(errors=faults)
