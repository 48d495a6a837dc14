"""Pure rules of simulations: which policies can be simulated, what moves, what would hold an account."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from kit.errors import FieldError, Invalid
from services.risk.holds.rules import overdue_step, rule_step
from services.risk.policies.enums import RiskPolicyKind
from services.risk.profiles.enums import HoldReason
from services.risk.simulations.enums import PolicyMove

OF_SUBJECTS: Final = (RiskPolicyKind.SCORECARD, RiskPolicyKind.TERMS, RiskPolicyKind.HOLDS)
"""Policies that accounts and partners are scored, graded and held under; their order is that of the parameters of the
rules."""
SIMULATED: Final = frozenset({*OF_SUBJECTS, RiskPolicyKind.MATRIX})


class KindNotSimulated(Invalid):
    code, title = "kind-not-simulated", "A policy of this kind moves no grade, limit or band"


class Overdue(NamedTuple):
    """Of a member of a group: for how many days its oldest item that may hold it is overdue (0: none is), which of the
    rules' holds stand and which are waived."""

    days_overdue: int
    standing: Collection[str]
    waived: Collection[str]


def check_kind(kind: RiskPolicyKind) -> None:
    """Raises KindNotSimulated."""
    if kind not in SIMULATED:
        detail = f"of {kind} nothing is simulated"
        raise KindNotSimulated(detail, errors=[FieldError("policy_id", KindNotSimulated.code, detail)])


def moved(before: object, after: object) -> tuple[PolicyMove, ...]:
    """Which parts of what is foreseen differ; the score alone moves nothing."""
    return tuple(part for part in PolicyMove if getattr(before, part) != getattr(after, part))


def held_by(
    own: Overdue, others: Collection[Overdue], overdue_days: int, *, is_d: bool, has_dropped: bool
) -> tuple[HoldReason, ...]:
    """What would hold a group: overdue items of any member, the grade of the one that the others lead to (`own`)."""
    found = []
    if any(_is_overdue(each, overdue_days) for each in (own, *others)):
        found.append(HoldReason.OVERDUE)
    for reason, asks in ((HoldReason.GRADE, is_d), (HoldReason.GRADE_DROP, has_dropped)):
        is_standing, is_waived = reason in own.standing, reason in own.waived
        if _holds(rule_step(asks, is_standing=is_standing, is_waived=is_waived), is_standing=is_standing):
            found.append(reason)
    return tuple(found)


def _is_overdue(one: Overdue, overdue_days: int) -> bool:
    is_standing, is_waived = HoldReason.OVERDUE in one.standing, HoldReason.OVERDUE in one.waived
    step = overdue_step(one.days_overdue, overdue_days, is_standing=is_standing, is_waived=is_waived)
    return _holds(step, is_standing=is_standing)


def _holds(step: str | None, *, is_standing: bool) -> bool:
    return step == "place" or (is_standing and step is None)
