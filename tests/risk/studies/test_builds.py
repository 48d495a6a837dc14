"""One seed gives the same study on every build of numpy and scipy: what these figures were with others.

Another build is tried by a folder of it in front: `pip install --target FOLDER numpy==2.2.6 scipy==1.15.3`, then
`PYTHONPATH=FOLDER pytest tests/risk/studies/test_builds.py`. Those of 2.2.6 with 1.15.3 and of 2.4.6 with 1.17.1 are
the same to the bit, all losses of all years.
"""

from __future__ import annotations

import numpy as np
import pytest

from services.risk.studies.copula import Correlation, factors_of
from services.risk.studies.engine import annual_losses, simulate
from services.risk.studies.results import moments, quantile
from tests.risk.studies.test_engine import BOTH, FIRST, SECOND, SINGLE, TRIALS

SEED = 1
KNOWN: dict[str, tuple[float, int, int, float]] = {
    "F1": (13488225.97269, 41109198, 65390025, 84730651.984),
    "F2": (8231622.23875, 17940005, 23116557, 25953430.603),
    "F3": (13489595.483, 55653415, 96423267, 123525123.086),
    "F4": (2007834.87791, 10619521, 23288562, 35867971.888),
    "F5": (5306672.16352, 23017323, 41901987, 61152769.157),
    "C": (11809281.9471, 28326620, 47481378, 65067742.483),
}
"""Mean, value at risk at 95 and 99 %, expected shortfall at 99 %, of 100,000 years; C: two correlated by 0.6."""


@pytest.mark.parametrize("name", KNOWN)
def test_another_build_shows_the_same(name: str) -> None:
    if name == "C":
        found = simulate(BOTH, SEED, TRIALS, factors_of([Correlation(FIRST, SECOND, 0.6)]))
        losses = found[FIRST] + found[SECOND]
    else:
        losses = annual_losses(SINGLE[name][0], SEED, TRIALS)
    mean, var95, var99, shortfall = KNOWN[name]
    ordered = np.sort(losses)
    assert moments(losses).mean == pytest.approx(mean, rel=1e-9)
    # whole units: what lies next to a half may be rounded the other way
    assert abs(quantile(ordered, 95).value - var95) <= 1
    assert abs(quantile(ordered, 99).value - var99) <= 1
    assert quantile(ordered, 99).shortfall == pytest.approx(shortfall, rel=1e-9)
