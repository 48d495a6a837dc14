"""Pure rules of what cases say of a partner: sums of groups of cases, and what they make of each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kit.money import SHARE_WHOLE, ratio

COMPLAINT = "complaint"
HUNDREDTHS = 100


class CaseGroup(NamedTuple):
    """Cases of one kind, severity and root cause; `days` are those that the closed ones were open for together."""

    kind: str
    severity: str
    root_cause: str | None
    cases: int
    closed: int
    breached: int
    days: int
    remedy_base: int


class Tally(NamedTuple):
    """All of them: mean days in hundredths, complaints by order in millionths; None: nothing to divide by."""

    cases: int
    open: int
    breached: int
    by_kind: Mapping[str, int]
    by_severity: Mapping[str, int]
    by_root_cause: Mapping[str, int]
    mean_days: int | None
    complaint_share: int | None
    remedy_base: int


def tally(groups: Iterable[CaseGroup], orders: int) -> Tally:
    """What groups come to, in whatever order.

    >>> one = CaseGroup("complaint", "high", "transport", cases=2, closed=2, breached=1, days=5, remedy_base=137)
    >>> found = tally([one], orders=40)
    >>> found.mean_days, found.complaint_share, found.open
    (250, 50000, 0)
    """
    groups = list(groups)
    cases, closed = sum(one.cases for one in groups), sum(one.closed for one in groups)
    by_kind = _by((one.kind, one.cases) for one in groups)
    return Tally(
        cases=cases,
        open=cases - closed,
        breached=sum(one.breached for one in groups),
        by_kind=by_kind,
        by_severity=_by((one.severity, one.cases) for one in groups),
        by_root_cause=_by((one.root_cause, one.cases) for one in groups if one.root_cause is not None),
        mean_days=ratio(HUNDREDTHS, sum(one.days for one in groups), closed) if closed else None,
        complaint_share=ratio(SHARE_WHOLE, by_kind.get(COMPLAINT, 0), orders) if orders else None,
        remedy_base=sum(one.remedy_base for one in groups),
    )


def _by(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for word, number in counted:
        found[word] += number
    return dict(sorted(found.items()))
