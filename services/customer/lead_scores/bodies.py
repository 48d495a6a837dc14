"""Rules of a score as a policy says them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kit.db.saved_filters import parse_saved_filter
from kit.errors import BadQuery, FieldError
from services.customer.lead_scores.lists import SCORED
from services.customer.lead_scores.rules import ScoreFilterInvalid, check_labels


class Rule(Protocol):
    """The leads that `filter` chooses have `points` more."""

    @property
    def label(self) -> str: ...

    @property
    def filter(self) -> str: ...

    @property
    def points(self) -> int: ...


def check_rules(rules: Sequence[Rule]) -> None:
    """Raises ScoreLabels, ScoreFilterInvalid."""
    check_labels(rule.label for rule in rules)
    for number, rule in enumerate(rules):
        try:
            parse_saved_filter(SCORED, rule.filter)
        except BadQuery as refused:
            faults = [f"{error.pointer}: {error.detail}" for error in refused.errors] or [refused.detail]
            at = f"/body/rules/{number}/filter"
            raise ScoreFilterInvalid(
                errors=[FieldError(at, ScoreFilterInvalid.code, fault) for fault in faults]
            ) from None
