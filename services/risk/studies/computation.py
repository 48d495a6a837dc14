"""The computation of a study, a process of its own: `python -m services.risk.studies.computation`.

It reads its inputs as one JSON document and writes lines of JSON: `{"done", "total"}` now and then, at the end
`{"results"}`, or `{"refused"}` with a code. It ends when nobody reads them any more.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from kit.errors import AppError
from kit.money import SHARE_WHOLE
from services.risk.scenarios.bodies import ExposureShareBody, FrequencyBody, PerObjectBody, SeverityBody
from services.risk.scenarios.distributions import GpdTail
from services.risk.scenarios.enums import ExposureDimension
from services.risk.scenarios.laws import frequency_of, severity_of
from services.risk.studies.bodies import (
    Breach,
    ClassShare,
    CurvePoint,
    QuantileBody,
    ScenarioShare,
    StudyInputs,
    StudyResults,
    TargetShare,
)
from services.risk.studies.copula import Correlation, factors_of
from services.risk.studies.engine import CHUNK, LossTooLarge, Scenario, simulate
from services.risk.studies.results import (
    chance_above,
    loss_curve,
    moments,
    quantile,
    rank_of,
    shares_of,
    tail_sums,
)
from services.risk.studies.rules import MONTHS, class_of

if TYPE_CHECKING:
    from services.risk.scenarios.distributions import Integers

    Losses = Mapping[UUID, Integers]

MOST_THREADS = 2
PERCENTS = (95, 99)
SECONDS = 0.2
"""Between two reports of progress."""
MOST_SUM = 9e18
"""Sums of all trials stay below, so that integers hold them."""


def scenario_of(
    scenario_id: UUID,
    frequency: FrequencyBody,
    severity: SeverityBody,
    exposures: Mapping[ExposureDimension, Sequence[int]],
) -> Scenario:
    """A scenario as the engine has it, with the exposures of the run."""
    objects = len(exposures.get(frequency.dimension, ())) if isinstance(frequency, PerObjectBody) else 0
    drawn = exposures.get(severity.dimension, ()) if isinstance(severity, ExposureShareBody) else ()
    return Scenario(scenario_id, frequency_of(frequency, objects), severity_of(severity, drawn))


def computed(inputs: StudyInputs, checked: Callable[[], None] = lambda: None) -> StudyResults:
    """The results of a study, the same bits whenever and wherever; raises LossTooLarge and what the engine raises."""
    scenarios = [
        scenario_of(one.scenario_id, one.frequency, one.severity, inputs.exposures) for one in inputs.scenarios
    ]
    factors = factors_of([Correlation(one.a, one.b, one.r) for one in inputs.correlations])
    years = inputs.horizon_months / MONTHS
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    losses = simulate(scenarios, inputs.seed, inputs.trials, factors, years=years, workers=threads, checked=checked)
    if sum(float(one.sum(dtype=float)) for one in losses.values()) > MOST_SUM:
        raise LossTooLarge("the losses of all trials together")
    events = {one.id: one.frequency.over(years).mean for one in scenarios}
    is_heavy = any(isinstance(one.severity, GpdTail) and not one.severity.has_variance for one in scenarios)
    return _shown(inputs, losses, events, is_heavy=is_heavy)


def _shown(inputs: StudyInputs, losses: Losses, events: Mapping[UUID, float], *, is_heavy: bool) -> StudyResults:
    import numpy as np
    import scipy

    total = _sum(losses.values())
    ordered = np.sort(total)
    of_all = moments(total)
    return StudyResults(
        expected_loss=round(of_all.mean),
        sd=round(of_all.sd),
        standard_error=None if is_heavy else round(of_all.error),
        infinite_variance=is_heavy,
        loss_probability=_share(chance_above(ordered, 0)),
        p50=_at(ordered, 50),
        p90=_at(ordered, 90),
        quantiles=tuple(_quantile(ordered, percent, is_heavy=is_heavy) for percent in PERCENTS),
        scenarios=_of_scenarios(inputs, losses, total, events),
        classes=_of_classes(inputs, losses, events),
        targets=_of_targets(inputs, losses),
        is_above_appetite=None if inputs.appetite is None else of_all.mean > inputs.appetite,
        breaches=_breaches(inputs, ordered),
        curve=tuple(
            CurvePoint(amount=one.amount, probability=_share(one.probability), years=round(one.years, 2))
            for one in loss_curve(ordered)
        ),
        numpy=np.__version__,
        scipy=scipy.__version__,
    )


def _sum(losses: Iterable[Integers]) -> Integers:
    first, *rest = losses
    total = first.copy()
    for one in rest:
        total += one
    return total


def _share(chance: float) -> int:
    return round(chance * SHARE_WHOLE)


def _at(ordered: Integers, percent: int) -> int:
    return int(ordered[rank_of(len(ordered), percent) - 1])


def _quantile(ordered: Integers, percent: int, *, is_heavy: bool) -> QuantileBody:
    found = quantile(ordered, percent)
    return QuantileBody(
        percent=percent,
        value_at_risk=found.value,
        low=found.low,
        high=found.high,
        expected_shortfall=round(found.shortfall),
        shortfall_error=None if is_heavy else round(found.error),
    )


def _of_scenarios(
    inputs: StudyInputs, losses: Losses, total: Integers, events: Mapping[UUID, float]
) -> tuple[ScenarioShare, ...]:
    sums = {each: int(one.sum()) for each, one in losses.items()}
    of_mean, of_tail = shares_of(sums), shares_of(tail_sums(losses, total, 95))
    found = []
    for one in inputs.scenarios:
        each = one.scenario_id
        years = int((losses[each] > 0).sum())
        likelihood, impact = _cell(inputs, sums[each], years)
        found.append(
            ScenarioShare(
                scenario_id=each,
                scenario_version=one.scenario_version,
                risk_id=one.risk_id,
                expected_events=round(events[each], 6),
                expected_loss=round(sums[each] / inputs.trials),
                loss_probability=_share(years / inputs.trials),
                mean_if_lost=round(sums[each] / years) if years else None,
                share=of_mean[each],
                tail_share=of_tail[each],
                likelihood=likelihood,
                impact=impact,
            )
        )
    return tuple(found)


def _cell(inputs: StudyInputs, lost: int, years: int) -> tuple[int | None, int | None]:
    """Likelihood and impact by the risk matrix, of a year; without a planned revenue there is no impact."""
    if inputs.horizon_months != MONTHS:
        return None, None
    likelihood = class_of(years / inputs.trials, inputs.likelihood_bounds)
    if inputs.planned_revenue is None:
        return likelihood, None
    mean = lost / years if years else 0.0
    return likelihood, class_of(mean / inputs.planned_revenue, inputs.impact_bounds)


def _of_classes(inputs: StudyInputs, losses: Losses, events: Mapping[UUID, float]) -> tuple[ClassShare, ...]:
    found = []
    for risk_class in sorted({one.risk_class for one in inputs.scenarios}):
        ids = [one.scenario_id for one in inputs.scenarios if one.risk_class is risk_class]
        ordered = _sum(losses[each] for each in ids)
        ordered.sort()
        found.append(
            ClassShare(
                risk_class=risk_class,
                expected_events=round(sum(events[each] for each in ids), 6),
                expected_loss=round(int(ordered.sum()) / inputs.trials),
                quantiles=tuple(_at(ordered, percent) for percent in range(101)),
            )
        )
    return tuple(found)


def _of_targets(inputs: StudyInputs, losses: Losses) -> tuple[TargetShare, ...]:
    linked: dict[UUID, list[UUID]] = {}
    for one in inputs.scenarios:
        for target in one.target_ids:
            linked.setdefault(target, []).append(one.scenario_id)
    # targets often have the same risks: their losses are added and ordered once
    known: dict[tuple[UUID, ...], tuple[int, int, int]] = {}
    for ids in map(tuple, linked.values()):
        if ids not in known:
            ordered = _sum(losses[each] for each in ids)
            ordered.sort()
            known[ids] = (round(int(ordered.sum()) / inputs.trials), _at(ordered, 50), _at(ordered, 90))
    return tuple(
        TargetShare(target_id=target, expected_loss=mean, p50=p50, p90=p90)
        for target, ids in sorted(linked.items())
        for mean, p50, p90 in [known[tuple(ids)]]
    )


def _breaches(inputs: StudyInputs, ordered: Integers) -> tuple[Breach, ...]:
    chances = [(one, chance_above(ordered, one.amount)) for one in inputs.tolerance]
    return tuple(
        Breach(amount=one.amount, tolerated=one.probability, probability=_share(chance))
        for one, chance in chances
        if chance * SHARE_WHOLE > one.probability
    )


class Reports:
    """Progress as lines, from several threads."""

    def __init__(self, total: int, write: Callable[[Mapping[str, Any]], None]) -> None:
        self._total, self._write = total, write
        self._done, self._written, self._lock = 0, 0.0, threading.Lock()

    def __call__(self) -> None:
        """Another chunk begins."""
        with self._lock:
            self._done += 1
            now = time.monotonic()
            if now - self._written >= SECONDS:
                self._written = now
                self._write({"done": self._done, "total": self._total})


def say(line: Mapping[str, Any]) -> None:
    """Write a line that whoever started the computation reads."""
    sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Compute what standard input asks for."""
    inputs = StudyInputs.model_validate_json(sys.stdin.buffer.read())
    chunks = -(-inputs.trials // CHUNK) * len(inputs.scenarios)
    try:
        results = computed(inputs, Reports(chunks, say))
    except AppError as refused:
        say({"refused": refused.code})
    else:
        say({"results": results.model_dump(mode="json", by_alias=True)})


if __name__ == "__main__":
    main()
