"""Pure rules of alerts: moves, and what becomes of an alert once its indicator was evaluated."""

from __future__ import annotations

from enum import StrEnum

from kit.transitions import Move, Moves
from services.risk.alerts.enums import IndicatorLevel, RiskAlertState

_OPEN, _ACKNOWLEDGED, _RESOLVED = RiskAlertState
_GREEN, _AMBER, _RED = IndicatorLevel

MOVES: Moves[RiskAlertState] = {
    "acknowledge": Move((_OPEN,), _ACKNOWLEDGED),
    "resolve": Move((_OPEN, _ACKNOWLEDGED), _RESOLVED),
}
BACK_TO_GREEN = "back_to_green"


class Outcome(StrEnum):
    """What an evaluation does to the alert of an indicator."""

    NOTHING = "nothing"
    RAISE = "raise"
    ESCALATE = "escalate"
    EASE = "ease"
    END = "end"
    LISTEN = "listen"


def outcome(level: IndicatorLevel, standing: IndicatorLevel | None, silent: IndicatorLevel | None) -> Outcome:
    """`standing` is the level of the open alert, `silent` the one at which somebody resolved the last alert.

    What somebody has resolved is silent until the indicator is green (it listens again) or worse.
    """
    if standing is not None:
        if level is _GREEN:
            return Outcome.END
        if level is standing:
            return Outcome.NOTHING
        return Outcome.ESCALATE if level is _RED else Outcome.EASE
    if level is _GREEN:
        return Outcome.NOTHING if silent is None else Outcome.LISTEN
    is_worse = silent is None or (silent is _AMBER and level is _RED)
    return Outcome.RAISE if is_worse else Outcome.NOTHING
