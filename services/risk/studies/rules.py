"""Pure rules of studies: moves, sizes, the cell that losses suggest."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import FieldError, Invalid
from kit.money import SHARE_WHOLE
from kit.transitions import Move, Moves
from services.risk.studies.enums import StudyState

_DRAFT, _RUNNING, _COMPLETED, _FAILED, _CANCELLED = StudyState

MOVES: Moves[StudyState] = {
    "run": Move((_DRAFT,), _RUNNING),
    "cancel": Move((_RUNNING,), _CANCELLED),
}
"""What commands do; the job completes or fails what runs."""
ENDS: Moves[StudyState] = {
    "complete": Move((_RUNNING,), _COMPLETED),
    "fail": Move((_RUNNING,), _FAILED),
    "cancel": MOVES["cancel"],
}
"""What becomes of a study that runs."""
MOST_CELLS = 20_000_000
"""Trials times scenarios: what is kept of them while a study runs."""
MOST_DRAWS = 2_000_000_000
"""Uniforms of a study, by the events that a trial may have: what it takes to run."""
MONTHS = 12
SEEDS = 2**53
"""Seeds lie below: every reader of JSON has these integers."""


class StudyTooLarge(Invalid):
    code, title = "study-too-large", "A study takes at most 20,000,000 trials x scenarios"


def check_size(trials: int, scenarios: int) -> None:
    """Raises StudyTooLarge."""
    if trials * scenarios > MOST_CELLS:
        detail = f"{trials} trials x {scenarios} scenarios are more than {MOST_CELLS}"
        raise StudyTooLarge(detail, errors=[FieldError("/trials", StudyTooLarge.code, detail)])


def check_draws(trials: int, most_events: Sequence[float]) -> None:
    """`most_events` are those that nearly no trial exceeds, by scenario; raises StudyTooLarge."""
    draws = trials * sum(most_events)
    if draws > MOST_DRAWS:
        detail = f"{trials} trials with up to {sum(most_events):.0f} events are more than {MOST_DRAWS} draws"
        raise StudyTooLarge(detail, errors=[FieldError("/trials", StudyTooLarge.code, detail)])


def class_of(value: float, bounds: Sequence[int]) -> int:
    """Which class from 1 on a share lies in; `bounds` (millionths) begin the next one."""
    return 1 + sum(value * SHARE_WHOLE >= bound for bound in bounds)
