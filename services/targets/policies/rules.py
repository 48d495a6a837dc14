"""Pure rules of policies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kit.errors import FieldError, Invalid


class PolicyInPast(Invalid):
    code, title = "policy-in-past", "A version holds from today or a later day on"


class ThresholdsCrossed(Invalid):
    code, title = "thresholds-crossed", "What is red is amber too"


ALERT_RULES = (
    *("alert_pace_amber", "alert_pace_red", "alert_pace_margin"),
    *("alert_p_hit_amber", "alert_p_hit_red", "alert_p_hit_margin"),
    "alert_silent_share",
)


HIGHER_IS_BETTER = ("p_hit", "coverage", "capacity", "long_share")
LOWER_IS_BETTER = ("growth", "commits", "siblings")


def check_limits(limits: Mapping[str, int]) -> None:
    """What passes is no worse than what warns. Raises ThresholdsCrossed."""
    for name, sign in (*((each, 1) for each in HIGHER_IS_BETTER), *((each, -1) for each in LOWER_IS_BETTER)):
        passes, warns = limits[f"{name}_pass"], limits[f"{name}_warn"]
        if sign * warns > sign * passes:
            pointer = f"/check_limits/{name}_warn"
            raise ThresholdsCrossed(errors=[FieldError(pointer, "beyond-pass", f"what passes is {passes}")])


def check_thresholds(ruled: Mapping[str, Any]) -> None:
    """Red begins at amber or below it. Raises ThresholdsCrossed."""
    for measure in ("pace", "p_hit"):
        amber, red = ruled[f"alert_{measure}_amber"], ruled[f"alert_{measure}_red"]
        if red > amber:
            raise ThresholdsCrossed(errors=[FieldError(f"/alert_{measure}_red", "above-amber", f"amber is {amber}")])


def check_start(valid_from: date, today: date) -> None:
    """What was decided keeps the version that it was decided under. Raises PolicyInPast."""
    if valid_from < today:
        raise PolicyInPast(errors=[FieldError("/valid_from", "in-past", f"today is {today}")])
