"""What of costs a caller is told: figures of margins need `costs:read`, else they are null."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from kit.db.lists import ListSpec
from kit.errors import Forbidden
from kit.work import Work
from services.targets.metrics.rules import COSTS

PERMISSION = "costs:read"


def knows_costs(work: Work) -> bool:
    """Whether the caller may know costs."""
    return work.actor.may(PERMISSION)


def check_costs(work: Work, metric: str) -> None:
    """Raises Forbidden where the caller may not know figures of a metric."""
    if metric in COSTS and not knows_costs(work):
        raise Forbidden(f"needs the permission {PERMISSION}")


def hides_drivers(work: Work, metrics: set[str]) -> bool:
    """Whether the caller may not know what these metrics gave the drivers of a split."""
    return bool(COSTS & metrics) and not knows_costs(work)


def shown_list(work: Work, spec: ListSpec, figures: tuple[str, ...], is_cost: str) -> ListSpec:
    """The list as the caller may see it: `figures` are null where `is_cost` says that they tell of costs, and nothing
    is found by them. The same object for callers who may know."""
    return spec if knows_costs(work) else _without(spec, figures, is_cost)


@lru_cache(maxsize=16)
def _without(spec: ListSpec, figures: tuple[str, ...], is_cost: str) -> ListSpec:
    fields = dict(spec.fields)
    for name in figures:
        sql = f"CASE WHEN {is_cost} THEN NULL ELSE {fields[name].sql} END"
        fields[name] = replace(fields[name], sql=sql, nullable=True)
    return replace(spec, fields=fields)
