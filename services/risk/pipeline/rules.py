"""Pure rules of forward exposure: what of open opportunities counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kit.money import SHARE_WHOLE, ratio
from services.risk.pipeline.enums import PipelineForecast


class Sum(NamedTuple):
    """Opportunities of a category and their amount."""

    forecast_category: PipelineForecast
    opportunities: int
    gross: int


def weighted(sums: Iterable[Sum], shares: Mapping[PipelineForecast, int]) -> int:
    """Sum of amount x share (millionths) of each category, rounded half-even once: 1,000 at 900,000 and 1,000 at
    500,000 -> 1,400. A category without a share counts nothing."""
    return ratio(sum(one.gross * shares.get(one.forecast_category, 0) for one in sums), 1, SHARE_WHOLE)
