"""Pure rules of criteria: what a version may be, and what an applicant's scores come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from kit.errors import FieldError, Invalid
from kit.money import SHARE_WHOLE, ratio
from kit.transitions import Move, Moves
from services.channels.partner_criteria.enums import PartnerCriteriaState, PartnerCriterionGroup

MOVES: Moves[PartnerCriteriaState] = {
    "replace": Move((PartnerCriteriaState.DRAFT,), PartnerCriteriaState.DRAFT),
    "publish": Move((PartnerCriteriaState.DRAFT,), PartnerCriteriaState.PUBLISHED),
}
HUNDREDTHS = 100
"""Scores are points, 0 to 100; what they come to has two more digits."""


class CriteriaInvalid(Invalid):
    code, title = "criteria-invalid", "The criteria cannot be as they are written"


class Criterion(Protocol):
    """What counts of a criterion: a score below `knock_out` fails the applicant, whatever the rest."""

    @property
    def code(self) -> str: ...
    @property
    def group(self) -> PartnerCriterionGroup: ...
    @property
    def weight(self) -> int: ...
    @property
    def knock_out(self) -> int | None: ...


class Verdict(NamedTuple):
    """What scores come to: hundredths of a point, and by what an applicant failed (nothing: passed)."""

    score: int
    failures: tuple[str, ...]


def check_criteria(criteria: Sequence[Criterion], groups: Sequence[PartnerCriterionGroup]) -> None:
    """Each code once, weights are all, minima are of groups that there are, each once. Raises CriteriaInvalid."""
    faults, seen = [], set[str]()
    for number, one in enumerate(criteria):
        if one.code.lower() in seen:
            faults.append(FieldError(f"/criteria/{number}/code", "repeated", "each code once"))
        seen.add(one.code.lower())
    if sum(one.weight for one in criteria) != SHARE_WHOLE:
        faults.append(FieldError("/criteria", "weights-invalid", f"weights must sum to {SHARE_WHOLE}"))
    known = {one.group for one in criteria}
    for number, group in enumerate(groups):
        if group in groups[:number]:
            faults.append(FieldError(f"/group_minimums/{number}/group", "repeated", "each group once"))
        elif group not in known:
            faults.append(FieldError(f"/group_minimums/{number}/group", "unknown", "no criterion is of this group"))
    if faults:
        raise CriteriaInvalid(errors=faults)


def missing_of(criteria: Iterable[Criterion], scores: Mapping[str, int]) -> list[str]:
    """Codes of the criteria without a score."""
    return [one.code for one in criteria if one.code not in scores]


def verdict_of(
    criteria: Sequence[Criterion],
    minimums: Mapping[PartnerCriterionGroup, int],
    pass_mark: int,
    scores: Mapping[str, int],
) -> Verdict:
    """sum(weight x score), rounded once; of a group its weighted mean counts, exactly. All limits are reached at >=.

    Every criterion has a score: a missing one is not 0.
    """
    failures = [
        f"knock-out:{one.code}" for one in criteria if one.knock_out is not None and scores[one.code] < one.knock_out
    ]
    for group in PartnerCriterionGroup:
        within = [one for one in criteria if one.group is group]
        reached = sum(one.weight * scores[one.code] for one in within)
        if reached < minimums.get(group, 0) * sum(one.weight for one in within):
            failures.append(f"group:{group}")
    total = sum(one.weight * scores[one.code] for one in criteria)
    if total * HUNDREDTHS < pass_mark * SHARE_WHOLE:
        failures.append("pass-mark")
    return Verdict(ratio(HUNDREDTHS, total, SHARE_WHOLE), tuple(failures))
