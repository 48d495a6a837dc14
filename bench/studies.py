"""What a study costs: 100,000 years of 50 scenarios with two events each, correlated; and whether it grows evenly.

python -m bench.studies [trials ...]
"""

from __future__ import annotations

import resource
import sys
import time
from uuid import UUID

from services.risk.studies.copula import Correlation, factors_of
from services.risk.studies.distributions import Frequency, Lognormal
from services.risk.studies.engine import Scenario, simulate

CELLS = 20_000_000
MOST_SCENARIOS = 50


def measured(trials: int) -> tuple[int, float]:
    """(scenarios, seconds) of one simulation, the copula included."""
    ids = [UUID(int=number) for number in range(1, min(MOST_SCENARIOS, CELLS // trials) + 1)]
    scenarios = [Scenario(each, Frequency(2), Lognormal(1_000_000, 20_000_000)) for each in ids]
    factors = factors_of([Correlation(ids[0], each, 0.2) for each in ids[1:20]])
    begun = time.perf_counter()
    simulate(scenarios, 1, trials, factors, workers=2)
    return len(ids), time.perf_counter() - begun


def main() -> None:
    """Print seconds, microseconds a year of a scenario, and the most memory so far."""
    measured(10_000)
    for trials in [int(text) for text in sys.argv[1:]] or [100_000, 200_000, 400_000, 1_000_000]:
        count, seconds = measured(trials)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cost = seconds / trials / count * 1e6
        print(f"{trials:>9,} years x {count} scenarios: {seconds:6.2f} s, {cost:5.3f} us each, {memory:5.0f} MiB")


if __name__ == "__main__":
    main()
