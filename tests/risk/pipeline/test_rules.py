"""What of open opportunities counts."""

from __future__ import annotations

import pytest

from services.risk.pipeline.enums import PipelineForecast
from services.risk.pipeline.rules import Sum, weighted

SHARES = {
    PipelineForecast.COMMIT: 900_000,
    PipelineForecast.BEST_CASE: 500_000,
    PipelineForecast.PIPELINE: 200_000,
    PipelineForecast.OMITTED: 0,
}


@pytest.mark.parametrize(
    ("amounts", "right"),
    [
        ({}, 0),
        ({"commit": 1_000, "best_case": 1_000, "pipeline": 1_000, "omitted": 1_000}, 1_600),
        ({"best_case": 1}, 0),
        ({"best_case": 3}, 2),
        ({"commit": 1, "best_case": 1, "pipeline": 1}, 2),
        ({"closed": 1_000_000}, 0),
    ],
)
def test_weights_are_rounded_once_and_half_even(amounts: dict[str, int], right: int) -> None:
    assert weighted([Sum(PipelineForecast(name), 1, amount) for name, amount in amounts.items()], SHARES) == right
