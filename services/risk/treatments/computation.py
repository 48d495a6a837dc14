"""The computation of a simulation, a process of its own: `python -m services.risk.treatments.computation`.

Before and after have the same uniforms, so they are paired trial by trial. It reads and writes as that of studies does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import TYPE_CHECKING

from kit.errors import AppError, Invalid
from services.risk.scenarios.bodies import ExposureShareBody, GpdTailBody, PerObjectBody, SeverityBody
from services.risk.scenarios.laws import frequency_of, severity_of
from services.risk.studies.computation import MOST_SUM, Reports, say
from services.risk.studies.engine import CHUNK, LossTooLarge, Scenario, annual_losses
from services.risk.studies.results import moments, quantile
from services.risk.treatments.bodies import (
    ScenarioEffect,
    SimulatedScenario,
    TreatmentLosses,
    TreatmentSimulationInputs,
    TreatmentSimulationResults,
)
from services.risk.treatments.effects import cost_of_a_year, frequency_after, hhi, return_of, severity_after

if TYPE_CHECKING:
    from services.risk.scenarios.distributions import Integers

XI_WITHOUT_VARIANCE = 0.5


class LossRises(Invalid):
    code, title = "loss-rises", "A year costs more with the treatment"


def pair_of(one: SimulatedScenario, inputs: TreatmentSimulationInputs) -> tuple[Scenario, Scenario]:
    """A scenario before and after the treatment, as the engine has it."""
    frequency, severity = one.frequency, one.severity
    objects = len(inputs.exposures.get(frequency.dimension, ())) if isinstance(frequency, PerObjectBody) else 0
    drawn = inputs.exposures.get(severity.dimension, ()) if isinstance(severity, ExposureShareBody) else ()
    return (
        Scenario(one.scenario_id, frequency_of(frequency, objects), severity_of(severity, drawn)),
        Scenario(
            one.scenario_id,
            frequency_after(frequency, inputs.effect, objects),
            severity_after(severity, inputs.effect, drawn),
        ),
    )


def computed(
    inputs: TreatmentSimulationInputs, checked: Callable[[], None] = lambda: None
) -> TreatmentSimulationResults:
    """A year before and after, the same bits whenever and wherever; raises LossTooLarge, LossRises."""
    import numpy as np
    import scipy

    before, after = (np.zeros(inputs.trials, dtype=np.int64) for _ in range(2))
    shown, sums = [], [0.0, 0.0]
    with ThreadPoolExecutor(2) as pool:
        for one in inputs.scenarios:
            pair = pair_of(one, inputs)
            was, is_ = pool.map(lambda each: annual_losses(each, inputs.seed, inputs.trials, checked=checked), pair)
            if not inputs.may_rise and (is_ > was).any():
                raise LossRises(f"scenario {one.scenario_id}")
            sums = [total + float(each.sum(dtype=float)) for total, each in zip(sums, (was, is_), strict=True)]
            if max(sums) > MOST_SUM:
                raise LossTooLarge("the losses of all trials together")
            before += was
            after += is_
            shown.append(_of_scenario(one, was, is_, inputs.trials))
    is_heavy = any(_is_heavy(one.severity) for one in inputs.scenarios)
    saved = Fraction(int(before.sum()) - int(after.sum()), inputs.trials)
    cost = cost_of_a_year(inputs.cost_once, inputs.cost_yearly, inputs.lifetime_years)
    dimension = inputs.effect.dimension
    return TreatmentSimulationResults(
        before=_figures(before, is_heavy=is_heavy),
        after=_figures(after, is_heavy=is_heavy),
        difference=round(saved),
        difference_error=None if is_heavy else round(moments(before - after).error),
        trials_that_rise=int((after > before).sum()),
        cost=round(cost),
        roi=return_of(saved, cost),
        hhi_before=None if dimension is None else hhi(inputs.exposures.get(dimension, ())),
        hhi_after=None if dimension is None else hhi(inputs.effect.planned),
        scenarios=tuple(shown),
        numpy=np.__version__,
        scipy=scipy.__version__,
    )


def _is_heavy(severity: SeverityBody) -> bool:
    return isinstance(severity, GpdTailBody) and severity.xi >= XI_WITHOUT_VARIANCE


def _of_scenario(one: SimulatedScenario, before: Integers, after: Integers, trials: int) -> ScenarioEffect:
    return ScenarioEffect(
        scenario_id=one.scenario_id,
        scenario_version=one.scenario_version,
        expected_before=round(Fraction(int(before.sum()), trials)),
        expected_after=round(Fraction(int(after.sum()), trials)),
    )


def _figures(losses: Integers, *, is_heavy: bool) -> TreatmentLosses:
    import numpy as np

    ordered = np.sort(losses)
    of_all = moments(losses)
    at_95, at_99 = quantile(ordered, 95), quantile(ordered, 99)
    return TreatmentLosses(
        expected_loss=round(of_all.mean),
        sd=round(of_all.sd),
        standard_error=None if is_heavy else round(of_all.error),
        var_95=at_95.value,
        var_99=at_99.value,
        es_95=round(at_95.shortfall),
        es_99=round(at_99.shortfall),
    )


def main() -> None:
    """Compute what standard input asks for."""
    inputs = TreatmentSimulationInputs.model_validate_json(sys.stdin.buffer.read())
    chunks = 2 * -(-inputs.trials // CHUNK) * len(inputs.scenarios)
    try:
        results = computed(inputs, Reports(chunks, say))
    except AppError as refused:
        say({"refused": refused.code})
    else:
        say({"results": results.model_dump(mode="json", by_alias=True)})


if __name__ == "__main__":
    main()
