"""A year against what was expected of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import pdtr, pdtrc

from kit.testing.service import ServiceHarness
from services.risk.calibrations.rules import count_p, percentile_of
from tests.risk.conftest import Days
from tests.risk.incidents.losses import recorded
from tests.risk.studies.runs import scenario, shown, study


@pytest.mark.parametrize(("count", "p"), [(9, 0.0559), (1, 0.1560), (4, 1.0)])
def test_a_count_among_those_expected(count: int, p: float) -> None:
    assert round(count_p(4.2, count), 4) == p


def test_a_count_of_what_never_happens() -> None:
    assert (count_p(0, 0), count_p(0, 1)) == (1, 0)
    assert count_p(4.2, 0) == pytest.approx(2 * 0.0149956, abs=1e-6)


@given(st.floats(0.001, 20_000), st.integers(0, 30_000))
def test_counts_as_scipy_has_them(mean: float, count: int) -> None:
    right = min(1.0, 2 * min(pdtr(count, mean), pdtrc(count - 1, mean) if count else 1.0))
    assert count_p(mean, count) == pytest.approx(right, rel=1e-6, abs=1e-12)


def test_the_percentile_of_a_year() -> None:
    quantiles = [0] * 20 + list(range(100, 8_200, 100))
    assert [percentile_of(quantiles, one) for one in (0, 99, 100, 8_099, 8_100, 10**9)] == [19, 19, 20, 99, 100, 100]
    assert percentile_of([5] * 101, 4) == 0


async def test_a_year_against_the_study_that_was_known_when_it_began(service: ServiceHarness, days: Days) -> None:
    days.on(date(2025, 12, 20))
    each = await scenario(service, frequency={"kind": "poisson", "mean": 4.2})
    known = await study(service, each, is_reference=True, trials=10_000)
    results = await shown(service, known)
    await shown(service, await study(service, each, is_reference=True, horizon_months=24))
    days.on(date(2026, 1, 1))
    await shown(service, await study(service, each, is_reference=True))
    days.on(date(2027, 1, 5))
    for month in range(1, 10):
        on = f"2026-{month:02}-11"
        await recorded(service, occurred_on=on, discovered_on=on, gross_loss=2_000_000, recoveries=500_000)
    await recorded(service, **{"class": "supply"}, occurred_on="2026-12-31", discovered_on="2027-01-01")
    await recorded(service, occurred_on="2027-01-01", discovered_on="2027-01-01")
    await recorded(service, occurred_on="2025-12-31", discovered_on="2026-01-01")
    found = (await service.get("/v1/calibrations?year=2026")).json()
    assert (found["study_id"], found["is_over"], found["insufficient_data"]) == (
        known.rpartition("/")[2],
        True,
        False,
    )
    credit, supply = found["classes"]
    quantiles = results["classes"][0]["quantiles"]
    assert credit == {
        "class": "credit",
        "expected_loss": results["expected_loss"],
        "realised": 13_500_000,
        "percentile": percentile_of(quantiles, 13_500_000),
        "expected_incidents": 4.2,
        "incidents": 9,
        "count_p": pytest.approx(0.0559, abs=0.00005),
    }
    assert (supply["class"], supply["expected_loss"], supply["incidents"], supply["count_p"]) == (
        "supply",
        None,
        1,
        None,
    )
    without = (await service.get("/v1/calibrations?year=2025")).json()
    assert (without["insufficient_data"], without["study_id"]) == (True, None)
    assert [one["incidents"] for one in without["classes"]] == [1]
    assert (await service.get("/v1/calibrations?year=2027")).json()["is_over"] is False
    own = await service.get("/v1/calibrations?year=2026", headers=service.headers("rep-1", "sales_rep"))
    assert (own.status_code, own.json()["classes"]) == (200, [])
    for wrong in ("", "?year=soon", "?year=99999"):
        assert (await service.get(f"/v1/calibrations{wrong}")).status_code in (400, 422)
