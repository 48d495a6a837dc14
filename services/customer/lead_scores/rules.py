"""Pure rules of the score of a lead."""

from __future__ import annotations

from collections.abc import Iterable

from kit.errors import FieldError, Invalid

LEAST, MOST = 0, 100


class ScoreFilterInvalid(Invalid):
    """The filter of a rule is none of what is known of leads."""

    code, title = "score-filter-invalid", "The filter of a rule is not valid"


class ScoreLabels(Invalid):
    """Two rules have one label."""

    code, title = "score-labels", "Each rule has a label of its own"


def score_of(points: Iterable[int]) -> int:
    """The score of a lead by the points of the rules that choose it: their sum, clipped once, at the end.

    >>> score_of([60, 70, -20])
    100
    """
    return min(MOST, max(LEAST, sum(points)))


def check_labels(labels: Iterable[str]) -> None:
    """A score names its rules by their labels; raises ScoreLabels."""
    seen = set[str]()
    for number, label in enumerate(labels):
        if label in seen:
            detail = f"{label} is the label of an earlier rule"
            raise ScoreLabels(errors=[FieldError(f"/body/rules/{number}/label", ScoreLabels.code, detail)])
        seen.add(label)
