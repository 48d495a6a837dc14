"""Pure rules of alerts: the level of a figure, which of two is worse, when a target is too young to be judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kit.money import SHARE_WHOLE
from kit.transitions import Move, Moves
from services.targets.alerts.enums import TargetAlertLevel, TargetAlertMeasure, TargetAlertState

NOUN = "alert"

_GREEN, _AMBER, _RED = TargetAlertLevel
_ORDER = tuple(TargetAlertLevel)

MOVES: Moves[TargetAlertState] = {
    "acknowledge": Move((TargetAlertState.OPEN,), TargetAlertState.ACKNOWLEDGED),
}


class Bounds(NamedTuple):
    """Below `amber` and `red` a figure is at that level; it leaves it at `margin` above. All in millionths."""

    amber: int
    red: int
    margin: int

    def of(self, level: TargetAlertLevel) -> int:
        """The threshold of a level; that of green is where it begins."""
        return self.red if level is _RED else self.amber


def level_of(figure: int | None, before: TargetAlertLevel, bounds: Bounds) -> TargetAlertLevel:
    """The level of a figure that was at `before`: worse at the threshold, better only a margin above it. What is not
    known is nothing to be alarmed about."""
    if figure is None:
        return _GREEN
    if figure < bounds.red + (bounds.margin if before is _RED else 0):
        return _RED
    if figure < bounds.amber + (0 if before is _GREEN else bounds.margin):
        return _AMBER
    return _GREEN


def worst(levels: Mapping[TargetAlertMeasure, TargetAlertLevel]) -> TargetAlertMeasure:
    """The measure whose level is the worst; of equal ones the first."""
    return max(levels, key=lambda measure: _ORDER.index(levels[measure]))


def is_worse(level: TargetAlertLevel, before: TargetAlertLevel) -> bool:
    """Whether a level is further from green."""
    return _ORDER.index(level) > _ORDER.index(before)


def is_silent(elapsed: int, whole: int, share: int) -> bool:
    """Whether less than a share of the period's working days has elapsed."""
    return elapsed * SHARE_WHOLE < whole * share
