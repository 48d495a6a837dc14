"""Pure rules of the dashboard: the worst cells, and what a snapshot is late by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol, TypeVar

DAY = timedelta(days=1)


class Cell(Protocol):
    """A cell of the matrix."""

    @property
    def likelihood(self) -> int: ...
    @property
    def impact(self) -> int: ...


AnyCell = TypeVar("AnyCell", bound=Cell)


def worst_first(cells: Iterable[AnyCell]) -> list[AnyCell]:
    """Cells by likelihood x impact, then by impact."""
    return sorted(cells, key=lambda cell: (cell.likelihood * cell.impact, cell.impact), reverse=True)


def is_late(day: date, today: date) -> bool:
    """Whether a snapshot that is made today of a day should have been made before."""
    return today > day + DAY
