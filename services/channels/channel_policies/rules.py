"""Pure rules of policies."""

from __future__ import annotations

from datetime import date

from kit.errors import FieldError, Invalid


class PolicyInPast(Invalid):
    code, title = "policy-in-past", "A version holds from today or a later day on"


def check_start(valid_from: date, today: date) -> None:
    """What was found keeps the version that it was found by. Raises PolicyInPast."""
    if valid_from < today:
        raise PolicyInPast(errors=[FieldError("/valid_from", "in-past", f"today is {today}")])
