"""Distributions of scenarios as the engine has them."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import FieldError
from services.risk.scenarios.bodies import (
    BernoulliBody,
    EmpiricalBody,
    ExposureShareBody,
    FrequencyBody,
    GpdTailBody,
    LognormalBody,
    NegativeBinomialBody,
    PerObjectBody,
    PertBody,
    PoissonBody,
    SeverityBody,
)
from services.risk.scenarios.distributions import (
    DistributionInvalid,
    Empirical,
    ExposureShare,
    Frequency,
    GpdTail,
    Lognormal,
    Pert,
    Severity,
)
from services.risk.scenarios.enums import ExposureDimension


def frequency_of(body: FrequencyBody, objects: int) -> Frequency:
    """A frequency of a year; `objects` is how many have an exposure."""
    match body:
        case PoissonBody():
            return Frequency(body.mean)
        case NegativeBinomialBody():
            return Frequency(body.mean, size=body.size)
        case BernoulliBody():
            return Frequency(body.p, p=body.p)
        case PerObjectBody():
            return Frequency(body.hazard * objects)


def severity_of(body: SeverityBody, exposures: Sequence[int]) -> Severity:
    """A severity; of `exposures` that are none, nothing is lost."""
    match body:
        case LognormalBody() | EmpiricalBody():
            return _below(body)
        case PertBody():
            return Pert(body.low, body.mode, body.high, body.g)
        case GpdTailBody():
            below = None if body.body is None else _below(body.body)
            return GpdTail(body.threshold, body.tail_share, body.xi, body.beta, below)
        case ExposureShareBody():
            return ExposureShare(tuple(exposures) or (0,), body.loss_rate)


def _below(body: LognormalBody | EmpiricalBody) -> Lognormal | Empirical:
    return Lognormal(body.q05, body.q95) if isinstance(body, LognormalBody) else Empirical(body.values)


def check_distributions(frequency: FrequencyBody, severity: SeverityBody) -> None:
    """Raises DistributionInvalid, InfiniteMean, which name the parameter."""
    if isinstance(frequency, PerObjectBody) and frequency.hazard < 0:
        detail = "expected 0 or more"
        raise DistributionInvalid(detail, errors=[FieldError("/frequency/hazard", DistributionInvalid.code, detail)])
    frequency_of(frequency, 1).check()
    severity_of(severity, ()).check()


def dimensions_of(frequency: FrequencyBody, severity: SeverityBody) -> set[ExposureDimension]:
    """Exposures that a study of these needs."""
    found = {frequency.dimension} if isinstance(frequency, PerObjectBody) else set()
    return found | ({severity.dimension} if isinstance(severity, ExposureShareBody) else set())
