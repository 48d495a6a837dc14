"""Effects of treatments by the numbers of the requirement, and their laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.risk.studies.engine import annual_losses
from services.risk.treatments.bodies import (
    READ_EFFECT,
    EffectBody,
    TreatmentSimulationInputs,
)
from services.risk.treatments.computation import computed, pair_of
from services.risk.treatments.effects import applied, cost_of_a_year, hhi, return_of, same_rate, share_less

WHOLE = (1_000_000, 1_000_000)
EFFECT: TypeAdapter[EffectBody] = TypeAdapter(Annotated[EffectBody, READ_EFFECT])
F1 = ({"kind": "poisson", "mean": 2}, {"kind": "lognormal", "q05": 1_000_000, "q95": 20_000_000})
HELD = (60_000_000, 30_000_000, 10_000_000)


def inputs(
    effect: dict[str, Any],
    of: tuple[dict[str, Any], dict[str, Any]] = F1,
    *,
    seed: int = 1,
    trials: int = 100_000,
    held: tuple[int, ...] = (),
    cost: int = 0,
) -> TreatmentSimulationInputs:
    body = EFFECT.validate_python(effect)
    return TreatmentSimulationInputs.model_validate(
        {
            "seed": seed,
            "trials": trials,
            "scenarios": [{"scenario_id": UUID(int=1), "scenario_version": 1, "frequency": of[0], "severity": of[1]}],
            "exposures": {"account": held},
            "effect": applied(body, WHOLE, held),
            "may_rise": effect["kind"] == "diversify",
            "cost_once": 0,
            "cost_yearly": cost,
            "lifetime_years": 1,
        }
    )


MITIGATED = {"kind": "mitigate", "frequency_factor": 600_000, "severity_factor": 800_000}
TRANSFERRED = {"kind": "transfer", "deductible": 5_000_000, "limit": 15_000_000, "share": 900_000}


@pytest.mark.parametrize(
    ("effect", "cost", "after", "roi"),
    [(MITIGATED, 2_000_000, 6_499_173, 2.5204), (TRANSFERRED, 4_500_000, 9_058_924, -0.0042)],
)
def test_f1_is_treated_as_it_should_be(effect: dict[str, Any], cost: int, after: int, roi: float) -> None:
    for seed in (1, 2, 3):
        found = computed(inputs(effect, seed=seed, cost=cost))
        assert found.difference_error is not None
        assert found.after.standard_error is not None
        assert abs(found.after.expected_loss - after) <= 3 * found.after.standard_error
        assert abs(found.difference - (13_539_943 - after)) <= 3 * found.difference_error + 1
        assert found.roi is not None
        assert abs(found.roi - roi) <= 3 * found.difference_error / cost + 0.0001
        assert found.trials_that_rise == 0
    exact = return_of(Fraction(1_353_994_300 - 100 * after, 100), Fraction(cost))
    assert exact == pytest.approx(roi, abs=0.00011)


def test_the_numbers_of_the_page() -> None:
    assert return_of(Fraction(1_353_994_3 - 649_917_3), Fraction(2_000_000)) == 2.5204
    assert return_of(Fraction(1_353_994_3 - 905_892_4), Fraction(4_500_000)) == -0.0042
    assert return_of(Fraction(1), Fraction(0)) is None
    assert cost_of_a_year(900, 100, 4) == 325


def test_what_others_bear_of_a_loss_meets_its_integral() -> None:
    """90,589.24 of F1 by numeric integration over 2,000,000 quantiles."""
    of_f1 = inputs(TRANSFERRED)
    _, after = pair_of(of_f1.scenarios[0], of_f1)
    uniforms = (np.arange(2_000_000) + 0.5) / 2_000_000
    assert 2 * float(after.severity.losses(uniforms).mean()) / 100 == pytest.approx(90_589.24, abs=1.0)


def test_exposures_are_moved_to_a_plan() -> None:
    plan = [{"key": f"A-{n}", "share": 200_000} for n in range(5)]
    of = (
        {"kind": "per_object", "hazard": 0.1, "dimension": "account"},
        {"kind": "exposure_share", "dimension": "account", "loss_rate": 0.45},
    )
    found = computed(inputs({"kind": "diversify", "dimension": "account", "plan": plan}, of, held=HELD))
    assert (found.hhi_before, found.hhi_after) == (4_600, 2_000)
    for one, sd in ((found.before, 9_651_400), (found.after, 6_364_000)):
        assert one.standard_error is not None
        assert abs(one.expected_loss - 4_500_000) <= 3 * one.standard_error
        assert abs(one.sd - sd) <= 0.02 * sd
    assert found.trials_that_rise > 0
    assert found.roi is None


def test_concentration() -> None:
    assert [hhi(one) for one in ((50, 30, 20), (700, 200, 100, -50), (), (0, -1), (7,))] == [
        3_800,
        5_400,
        None,
        None,
        10_000,
    ]


def test_counts_of_equal_times() -> None:
    assert round(same_rate(10, 2), 4) == 0.0386
    assert (same_rate(0, 0), same_rate(3, 3), same_rate(1, 0)) == (1, 1, 1)
    assert same_rate(2, 10) == same_rate(10, 2)
    assert same_rate(4_000, 3_000) < 1e-12
    assert (share_less(10, 2), share_less(2, 3), share_less(0, 1)) == (800_000, -500_000, None)


LAWS = st.sampled_from(
    [
        F1[0],
        {"kind": "negative_binomial", "mean": 2, "size": 0.8},
        {"kind": "bernoulli", "p": 0.3},
        {"kind": "per_object", "hazard": 0.4, "dimension": "account"},
    ]
)
MILLIONTHS = st.integers(0, 1_000_000)
ONE_EFFECT = st.one_of(
    st.builds(lambda n: {"kind": "avoid", "share": n}, st.integers(1, 1_000_000)),
    st.builds(lambda f, s: {"kind": "mitigate", "frequency_factor": f, "severity_factor": s}, MILLIONTHS, MILLIONTHS),
    st.builds(
        lambda d, limit, q: {"kind": "transfer", "deductible": d, "limit": limit, "share": q},
        st.integers(0, 10**8),
        st.integers(1, 10**9),
        st.integers(1, 1_000_000),
    ),
)


@settings(max_examples=40, deadline=None)
@given(LAWS, ONE_EFFECT, st.integers(0, 2**53 - 1))
def test_no_trial_rises(frequency: dict[str, Any], effect: dict[str, Any], seed: int) -> None:
    asked = inputs(effect, (frequency, F1[1]), seed=seed, trials=10_000, held=HELD)
    before, after = (annual_losses(one, seed, 10_000) for one in pair_of(asked.scenarios[0], asked))
    assert (after <= before).all()
    assert (after >= 0).all()


def test_a_treatment_without_effect_changes_no_bit() -> None:
    found = computed(inputs({"kind": "accept", "expires_on": "2026-12-31"}, trials=10_000))
    assert found.before == found.after
    assert (found.difference, found.difference_error) == (0, 0)
