"""Pure rules of the facts of KPIs: what comes back of a margin, which steps of a case count."""

from __future__ import annotations

from kit.money import ratio
from services.targets.kpi_facts.enums import CaseStep

_TOLD = {"opened": CaseStep.OPENED, "closed": CaseStep.CLOSED, "sla_breached": CaseStep.BREACHED}


def margin_back(margin: int, pieces: int, before: int, after: int) -> int:
    """What of a line's margin goes when the pieces that came back go from `before` to `after`: all steps together take
    the whole margin."""
    return ratio(margin, after, pieces) - ratio(margin, before, pieces)


def step_of(told: str, state: str, previous: str | None) -> CaseStep | None:
    """The step that an event of a case (its word) tells of; moves between other states are none.

    >>> step_of("state_changed", "responded", "investigating"), step_of("state_changed", "investigating", "closed")
    (<CaseStep.ANSWERED: 'answered'>, <CaseStep.REOPENED: 'reopened'>)
    """
    if told in _TOLD:
        return _TOLD[told]
    if previous == "closed":
        return CaseStep.REOPENED
    return CaseStep.ANSWERED if state == "responded" and previous != "responded" else None
