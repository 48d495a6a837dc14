"""Pure rules of holds: what the state of an account asks for, and how long a person's word lasts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from kit.errors import FieldError, Invalid
from kit.transitions import Move, Moves
from services.risk.holds.enums import HoldState
from services.risk.policies.rules import DateOrder
from services.risk.profiles.enums import HoldReason

MOVES: Moves[HoldState] = {"lift": Move((HoldState.STANDING,), HoldState.LIFTED)}
RULES = frozenset(HoldReason) - {HoldReason.MANUAL}
"""Reasons that come back by themselves while their state lasts."""


class WaiverTooLong(Invalid):
    code, title = "waiver-too-long", "A rule is waived for fewer days"


class NothingToWaive(Invalid):
    code, title = "nothing-to-waive", "Only the hold of a rule is waived: a person's is not placed again by itself"


def overdue_step(
    days_overdue: int, overdue_days: int, *, is_standing: bool, is_waived: bool
) -> Literal["place", "lift"] | None:
    """What becomes of an overdue hold, `days_overdue` being those of the item that is due longest (0: none is).

    It is placed when an item is overdue by more than `overdue_days`, unless that is waived, and stays until none is
    overdue by more than 0: due on 2026-06-10, with 15 days, it is held from 2026-06-26 on.
    """
    if is_standing:
        return "lift" if days_overdue <= 0 else None
    return "place" if days_overdue > overdue_days and not is_waived else None


def rule_step(asks: bool, *, is_standing: bool, is_waived: bool) -> Literal["place", "lift"] | None:
    """What becomes of a hold whose state asks for it, or does not any more."""
    if is_standing:
        return None if asks else "lift"
    return "place" if asks and not is_waived else None


def lasts(until: date | None, today: date) -> bool:
    """Whether what holds through its last day `until` (None: without end) still holds today."""
    return until is None or today <= until


def check_until(until: date | None, today: date) -> None:
    """A hold does not end before it begins. Raises DateOrder."""
    if not lasts(until, today):
        raise DateOrder(errors=[FieldError("/until", DateOrder.code, f"lies before {today}")])


def waived_until(reason: HoldReason, until: date | None, today: date, waiver_days: int) -> date | None:
    """Last day on which a hold that a person lifts is not placed again: of a rule's `until`, or as late as may be.

    Raises NothingToWaive, DateOrder, WaiverTooLong.
    """
    if reason not in RULES:
        if until is not None:
            raise NothingToWaive(errors=[FieldError("/until", NothingToWaive.code, NothingToWaive.title)])
        return None
    check_until(until, today)
    last = today + timedelta(waiver_days)
    if until is not None and until > last:
        raise WaiverTooLong(errors=[FieldError("/until", WaiverTooLong.code, f"lies after {last}")])
    return until or last
