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
