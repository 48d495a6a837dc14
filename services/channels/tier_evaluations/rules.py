"""Pure rules of evaluations: figures of a period, the level they reach, where a partner moves, what it lacks.

Exact sums in, figures out. A figure without what it needs is None: what a level asks of it does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kit.errors import Conflict
from kit.money import SHARE_WHOLE, ratio
from kit.transitions import Move, Moves
from services.channels.tier_evaluations.enums import AppealState, TierEvaluationState, TierMove
from services.channels.tier_programmes.enums import TierMetric
from services.channels.tier_programmes.rules import Level

FORMULA_VERSION = 1
LEAST_DEALS = 3
LEAST_ANSWERS = 5
FAILINGS = 2
"""So many failing evaluations in a row lead a level down."""
APPEAL_DAYS = 10
"""Working days after the publication."""
ALL_TWELFTHS = 1200
"""An answer as satisfied as can be, in twelfths of a percent: so the steps of each scale are whole numbers."""
LARGEST = 10**15
"""No growth is shown as larger."""

_OPEN = (TierEvaluationState.CALCULATING, TierEvaluationState.PREVIEWED, TierEvaluationState.PUBLISHING)
MOVES: Moves[TierEvaluationState] = {
    "publish": Move((TierEvaluationState.PREVIEWED,), TierEvaluationState.PUBLISHING),
    "cancel": Move(_OPEN, TierEvaluationState.CANCELLED),
}
APPEALS: Moves[AppealState] = {
    "appeal": Move((AppealState.NONE,), AppealState.OPEN),
    "uphold": Move((AppealState.OPEN,), AppealState.UPHELD),
    "reject": Move((AppealState.OPEN,), AppealState.REJECTED),
}


class EvaluationOpen(Conflict):
    code, title = "evaluation-open", "An evaluation of this programme and period is open"


class EvaluationPublishing(Conflict):
    code, title = "evaluation-publishing", "Another evaluation of the programme is being published"


class EvaluationOutOfOrder(Conflict):
    code, title = "evaluation-out-of-order", "A period that ends as late or later was published already"


class EvaluationOutdated(Conflict):
    code, title = "evaluation-outdated", "Levels have changed since the evaluation"


class AppealsOpen(Conflict):
    code, title = "appeals-open", "An appeal is not decided yet"


class AppealTooLate(Conflict):
    code, title = "appeal-too-late", "The days for an appeal are over"


class Inputs(NamedTuple):
    """What figures of a partner are made of; `twelfths` are those of all answers together."""

    orders: int = 0
    revenue: int = 0
    revenue_before: int = 0
    deals_won: int = 0
    deals_decided: int = 0
    certificates: int = 0
    answers: int = 0
    twelfths: int = 0
    conflicts: int = 0


Figures = Mapping[TierMetric, int | None]


class Lack(NamedTuple):
    """What a level asks for and a partner has not: `missing` is threshold - value (of conflicts value - threshold);
    None where the value is not known."""

    metric: TierMetric
    threshold: int
    value: int | None
    missing: int | None


class Verdict(NamedTuple):
    """Where a partner moves: the level it has then, and how many failing evaluations in a row it has behind it."""

    move: TierMove
    level: Level | None
    failures: int


def figures_of(found: Inputs) -> Figures:
    """Figures of a period; growth, won share and satisfaction in millionths.

    Not judged (None): growth over 0 or less, fewer than three decided deals, fewer than five answers.
    """
    before, growth = found.revenue_before, None
    if before > 0:
        growth = max(-LARGEST, min(LARGEST, ratio(SHARE_WHOLE, found.revenue - before, before)))
    is_thin = found.deals_decided < LEAST_DEALS
    is_quiet = found.answers < LEAST_ANSWERS
    return {
        TierMetric.REVENUE: found.revenue,
        TierMetric.GROWTH: growth,
        TierMetric.DEALS_WON: None if is_thin else ratio(SHARE_WHOLE, found.deals_won, found.deals_decided),
        TierMetric.CERTIFICATES: found.certificates,
        TierMetric.SATISFACTION: None if is_quiet else ratio(SHARE_WHOLE, found.twelfths, ALL_TWELFTHS * found.answers),
        TierMetric.CONFLICTS: found.conflicts,
    }


def lacks(level: Level, figures: Figures) -> list[Lack]:
    """What of a level does not hold; nothing: the level is reached."""
    found = []
    for metric in TierMetric:
        threshold = level.thresholds.get(metric)
        if threshold is None:
            continue
        value = figures[metric]
        over = None if value is None else (threshold - value) * (-1 if metric is TierMetric.CONFLICTS else 1)
        if over is None or over > 0:
            found.append(Lack(metric, threshold, value, over))
    return found


def reached(levels: Sequence[Level], figures: Figures) -> Level | None:
    """The highest level whose thresholds all hold, whatever holds of those below it."""
    return max((level for level in levels if not lacks(level, figures)), key=lambda level: level.rank, default=None)


def standing_in(levels: Sequence[Level], rank: int | None) -> Level | None:
    """The level that a rank is worth: the highest that is not above it, also where the rank is none of these levels'
    (another version of the programme gave it)."""
    own = [level for level in levels if rank is not None and level.rank <= rank]
    return max(own, key=lambda level: level.rank, default=None)


def next_above(levels: Sequence[Level], level: Level | None) -> Level | None:
    """The level to reach next; None on the highest."""
    above = [one for one in levels if level is None or one.rank > level.rank]
    return min(above, key=lambda one: one.rank, default=None)


def verdict(levels: Sequence[Level], rank: int | None, found: Level | None, failures: int) -> Verdict:
    """Up at once to what was reached; down one level after two failing evaluations in a row, which begin anew then.

    `failures` are those in a row until now. From the lowest level down is none.
    """
    old = standing_in(levels, rank)
    if found is not None and (old is None or found.rank > old.rank):
        return Verdict(TierMove.UP, found, 0)
    if old is None or (found is not None and found.rank == old.rank):
        return Verdict(TierMove.STAY, old, 0)
    if failures + 1 < FAILINGS:
        return Verdict(TierMove.STAY, old, failures + 1)
    return Verdict(TierMove.DOWN, standing_in(levels, old.rank - 1), 0)
