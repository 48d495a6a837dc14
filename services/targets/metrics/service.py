"""What of costs a caller is told: figures of margins need `costs:read`, else they are null."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from sqlmodel import SQLModel

from kit.db.lists import ListSpec
from kit.errors import Forbidden
from kit.work import Work
from services.targets.metrics.rules import COSTS

PERMISSION = "costs:read"

Priced = TypeVar("Priced", bound=SQLModel)
"""A row with `driver_values`."""


def knows_costs(work: Work) -> bool:
    """Whether the caller may know costs."""
    return work.actor.may(PERMISSION)


def check_costs(work: Work, metric: str) -> None:
    """Raises Forbidden where the caller may not know figures of a metric."""
    if metric in COSTS and not knows_costs(work):
        raise Forbidden(f"needs the permission {PERMISSION}")


def told_without(work: Work, rows: Sequence[Priced], metrics: set[str]) -> tuple[Priced, ...]:
    """Children or cells as the caller may see them: what `metrics` gave the drivers of their split is null where one of
    these tells of costs."""
    if knows_costs(work) or not COSTS & metrics:
        return tuple(rows)
    return tuple(row.model_copy(update={"driver_values": None}) for row in rows)


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
