"""Pure rules of products: what a unit costs on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol


class DatedCost(Protocol):
    """Full cost of a unit from a day on, in base currency."""

    @property
    def valid_from(self) -> date: ...

    @property
    def unit_cost_base(self) -> int: ...


def cost_on(costs: Iterable[DatedCost], day: date) -> int | None:
    """The cost with the latest `valid_from` not after the day, whatever their order; None before the first."""
    begun = [one for one in costs if one.valid_from <= day]
    return max(begun, key=lambda one: one.valid_from).unit_cost_base if begun else None


def highest_cost(costs: Iterable[DatedCost], first: date, last: date | None) -> int | None:
    """The highest cost that holds on some day from `first` to `last` (None: without end); None without any."""
    known = list(costs)
    found = [cost_on(known, first)]
    found += [
        one.unit_cost_base for one in known if first < one.valid_from and (last is None or one.valid_from <= last)
    ]
    return max((cost for cost in found if cost is not None), default=None)
