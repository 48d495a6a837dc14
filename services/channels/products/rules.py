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
