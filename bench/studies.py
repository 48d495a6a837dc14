"""What a study costs: 100,000 years of 50 scenarios with two events each, correlated; and whether it grows evenly.

usage: python -m bench.studies [--repeat 3] [--quick]

Each size runs in a process of its own, so that its most memory is its own. `growth` is the slope of log(seconds a
scenario) over log(years) (at most 1.1).
"""

from __future__ import annotations

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from bench.report import exponent, middle, write
from services.risk.scenarios.distributions import Frequency, Lognormal
from services.risk.studies.copula import Correlation, factors_of
from services.risk.studies.engine import Scenario, simulate

CELLS = 20_000_000
MOST_SCENARIOS = 50
TRIALS = 100_000
LIMIT_SECONDS = 3.0
LIMIT_MIB = 600
GROWTH = 1.1


def measured(trials: int, repeat: int) -> tuple[int, float, float]:
    """(scenarios, seconds, most memory in MiB) of one simulation, the copula included."""
    ids = [UUID(int=number) for number in range(1, min(MOST_SCENARIOS, CELLS // trials) + 1)]
    scenarios = [Scenario(each, Frequency(2), Lognormal(1_000_000, 20_000_000)) for each in ids]
    factors = factors_of([Correlation(ids[0], each, 0.2) for each in ids[1:20]])
    took = []
    for _again in range(repeat):
        begun = time.perf_counter()
        simulate(scenarios, 1, trials, factors, workers=2)
        took.append(time.perf_counter() - begun)
    return len(ids), middle(took), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="few years, once")
    arguments = parser.parse_args()
    sizes = [10_000, 20_000] if arguments.quick else [50_000, TRIALS, 200_000, 400_000, 1_000_000]
    rows: list[dict[str, Any]] = []
    points = []
    for trials in sizes:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            count, seconds, memory = pool.submit(measured, trials, 1 if arguments.quick else arguments.repeat).result()
        points.append((float(trials), seconds / count))
        name = f"{trials:,} years x {count} scenarios"
        limits = (LIMIT_SECONDS, LIMIT_MIB) if trials == TRIALS else (None, None)
        for unit, value, limit in zip(("s", "MiB"), (seconds, memory), limits, strict=True):
            rows.append({"name": name, "value": value, "unit": unit, "limit": limit, "ratio": limit and value / limit})
    slope = exponent(points)
    rows.append(
        {"name": "growth with years", "value": slope, "unit": "exponent", "limit": GROWTH, "ratio": slope / GROWTH}
    )
    write("studies", rows, note="the engine alone, two threads")


if __name__ == "__main__":
    main()
