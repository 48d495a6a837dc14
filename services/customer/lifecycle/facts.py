"""What is told of accounts: a stage that was entered, a warning that began or ended."""

from __future__ import annotations

from typing import Any, NamedTuple

from services.customer.churn.rules import Points
from services.customer.events_out.lifecycle import ChurnCleared, ChurnWarned, Factor, LifecycleChanged
from services.customer.lifecycle.repository import Told
from services.customer.lifecycle.rules import Step

Fact = LifecycleChanged | ChurnWarned | ChurnCleared


class Versions(NamedTuple):
    """The versions of the policies by which stages and warnings are found."""

    lifecycle: int
    churn: int


def fact_of(step: Step, told: Told, versions: Versions) -> Fact:
    """The event of a change."""
    shared: dict[str, Any] = {
        "account_id": told.id,
        "stream_key": told.stream_key,
        "owner_id": told.owner_id,
        "from_stage": step.before.stage.value,
        "to_stage": step.at.stage.value,
        "factors": _factors(step.at.points),
        "business_date": step.on,
    }
    if step.is_stage:
        return LifecycleChanged(**shared, policy_version=versions.lifecycle)
    score = step.at.points.score if step.at.points else 0
    kind = ChurnWarned if step.at.is_warned else ChurnCleared
    return kind(**shared, policy_version=versions.churn, score=score)


def _factors(points: Points | None) -> list[Factor]:
    return [Factor(factor=factor.value, weight=weight) for factor, weight in (points.factors if points else ())]
