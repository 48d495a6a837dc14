"""How warnings of churn turn out over the whole CDNOW file, which is not bundled.

usage: python -m bench.churn FILE (cdnow_master.txt of brucehardie.com/datasets)

The model is fitted to the order days up to 1998-03-31, all customers with three are judged on that day, and what they
did in the 91 days after it is looked at. Beside the chance of silence the parts are ranked by themselves.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from bench.report import write
from cli.load.cdnow import read
from services.customer.churn.fitting import Alike, Fitted, fit_groups
from services.customer.churn.rules import HORIZON_DAYS, Line, Points, Scoring, Signals, Weights, points_on

AS_OF: Final = date(1998, 3, 31)
SCORING: Final = Scoring(None, Weights(30, 70, 15, 10, 10), Line(50, 35))
LIMIT_SECONDS: Final = 60


class Judged(NamedTuple):
    """Points of a customer, days since its last order, and whether it ordered nothing for 91 days."""

    points: Points
    days_since: int
    is_silent: bool


def order_days(path: Path) -> list[list[date]]:
    """The order days of each customer, rising."""
    found: dict[str, set[date]] = {}
    for one in read(path):
        found.setdefault(one.customer, set()).add(one.day)
    return [sorted(days) for days in found.values()]


def fitted(customers: Sequence[Sequence[date]]) -> Fitted:
    """The model of what had happened by the day."""
    known = [[day for day in days if day <= AS_OF] for days in customers]
    alike = Counter((len(days) - 1, (days[-1] - days[0]).days, (AS_OF - days[0]).days) for days in known if days)
    return fit_groups([Alike(*key, count) for key, count in sorted(alike.items())])


def judged(customers: Sequence[Sequence[date]], found: Fitted) -> list[Judged]:
    """Customers with enough order days, and what became of them."""
    until, scoring, rows = AS_OF + timedelta(days=HORIZON_DAYS), SCORING._replace(fit=found.fit), []
    for days in customers:
        points = points_on(days, AS_OF, scoring, Signals())
        if points is not None:
            last = max(day for day in days if day <= AS_OF)
            rows.append(Judged(points, (AS_OF - last).days, not any(AS_OF < day <= until for day in days)))
    return rows


def area(rows: Sequence[Judged], values: Sequence[float]) -> float:
    """How often one that fell silent ranks before one that did not; ties count half."""
    at, total, n, silent = 0, 0.0, len(rows), sum(row.is_silent for row in rows)
    ordered = sorted(zip(values, (row.is_silent for row in rows), strict=True))
    while at < n:
        end = at
        while end < n and ordered[end][0] == ordered[at][0]:
            end += 1
        total += sum(mark for _, mark in ordered[at:end]) * (at + 1 + end) / 2
        at = end
    return (total - silent * (silent + 1) / 2) / (silent * (n - silent))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    customers = order_days(parser.parse_args().file)
    begun = time.perf_counter()
    found = fitted(customers)
    took = time.perf_counter() - begun
    rows = judged(customers, found)
    n, silent = len(rows), sum(row.is_silent for row in rows)
    warned = [row for row in rows if row.points.exact >= SCORING.line.warn_at]
    hits = sum(row.is_silent for row in warned)
    brier = sum(((row.points.p_silent or 0) - row.is_silent) ** 2 for row in rows) / n
    figures = {
        "judged": n,
        "fell silent, share": silent / n,
        "warned": len(warned),
        "precision": hits / len(warned),
        "recall": hits / silent,
        "Brier score": brier,
        "Brier score of the base rate": silent / n * (1 - silent / n),
        "area, own rhythm": area(rows, [row.points.rhythm for row in rows]),
        "area, days since the last order": area(rows, [row.days_since for row in rows]),
        "area, 1 - P(alive)": area(rows, [-(row.points.p_alive or 0) for row in rows]),
        "area, P(silent)": area(rows, [row.points.p_silent or 0 for row in rows]),
    }
    table = [{"name": name, "value": value, "unit": ""} for name, value in figures.items()]
    table.append({"name": "fit", "value": took, "unit": "s", "limit": LIMIT_SECONDS, "ratio": took / LIMIT_SECONDS})
    write("churn", table, note=f"{found.fit}, log-likelihood {found.log_likelihood:.2f}")


if __name__ == "__main__":
    main()
