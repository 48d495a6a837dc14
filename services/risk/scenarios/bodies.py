"""Frequencies and severities as they are written and stored. Amounts are minor units of the base currency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, WrapValidator

from kit.money import MAX_AMOUNT
from kit.web.schema import Schema
from services.risk.risks.enums import RiskClass
from services.risk.scenarios.enums import ExposureDimension, FrequencyKind, LossSource, SeverityKind

Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
"""A parameter; what it may be says the distribution."""
MOST_VALUES = 10_000


class Body(Schema):
    """A part of a scenario."""

    model_config = ConfigDict(frozen=True)


class PoissonBody(Body):
    """`mean` events a year, each for itself."""

    kind: Literal[FrequencyKind.POISSON]
    mean: Number


class NegativeBinomialBody(Body):
    """`mean` events a year with the variance mean + mean^2 / size."""

    kind: Literal[FrequencyKind.NEGATIVE_BINOMIAL]
    mean: Number
    size: Number


class BernoulliBody(Body):
    """Once a year with the chance `p`, or not at all."""

    kind: Literal[FrequencyKind.BERNOULLI]
    p: Number


class PerObjectBody(Body):
    """`hazard` events a year for each account, partner, region, channel or product line that has an exposure when a
    study runs."""

    kind: Literal[FrequencyKind.PER_OBJECT]
    hazard: Number
    dimension: ExposureDimension = ExposureDimension.ACCOUNT


class LognormalBody(Body):
    """5 % of losses lie below `q05`, 5 % above `q95`."""

    kind: Literal[SeverityKind.LOGNORMAL]
    q05: Number
    q95: Number


class PertBody(Body):
    """The least, likeliest and most amount; `g` is how sure the likeliest is."""

    kind: Literal[SeverityKind.PERT]
    low: Number
    mode: Number
    high: Number
    g: Number = 4.0


class EmpiricalBody(Body):
    """Each of the values is as likely."""

    kind: Literal[SeverityKind.EMPIRICAL]
    values: Annotated[tuple[Number, ...], Field(max_length=MOST_VALUES)]


class ExposureShareBody(Body):
    """`loss_rate` (0 to 1) of the exposure of an account, partner, region, channel or product line drawn evenly: what
    is owed, of channels and product lines what was sold less returned in 365 days."""

    kind: Literal[SeverityKind.EXPOSURE_SHARE]
    dimension: ExposureDimension
    loss_rate: Number


class _FrequencyTag(Schema):
    model_config = ConfigDict(extra="ignore")
    kind: FrequencyKind


class _SeverityTag(Schema):
    model_config = ConfigDict(extra="ignore")
    kind: SeverityKind


class _BelowTag(Schema):
    model_config = ConfigDict(extra="ignore")
    kind: Literal[SeverityKind.LOGNORMAL, SeverityKind.EMPIRICAL]


def _by_kind(tag: type[Schema], bodies: Mapping[str, type[Body]]) -> WrapValidator:
    """Read as what `kind` says, so that what is wrong is named by where it stands."""

    def read(value: object, _read: Callable[[Any], Any]) -> object:
        if isinstance(value, Body):
            return value
        kind = value.get("kind") if isinstance(value, dict) else None
        body = bodies.get(kind) if isinstance(kind, str) else None
        return (body or tag).model_validate(value)

    return WrapValidator(read)


_BELOW: Mapping[str, type[Body]] = {SeverityKind.LOGNORMAL: LognormalBody, SeverityKind.EMPIRICAL: EmpiricalBody}


class GpdTailBody(Body):
    """Above `threshold` a generalised Pareto tail of `tail_share` (0 to 1) of all losses, below it the body."""

    kind: Literal[SeverityKind.GPD_TAIL]
    threshold: Number
    tail_share: Number
    xi: Number
    beta: Number
    body: Annotated[LognormalBody | EmpiricalBody, _by_kind(_BelowTag, _BELOW)] | None = None


FrequencyBody = PoissonBody | NegativeBinomialBody | BernoulliBody | PerObjectBody
SeverityBody = LognormalBody | PertBody | EmpiricalBody | GpdTailBody | ExposureShareBody
READ_FREQUENCY = _by_kind(
    _FrequencyTag,
    {
        FrequencyKind.POISSON: PoissonBody,
        FrequencyKind.NEGATIVE_BINOMIAL: NegativeBinomialBody,
        FrequencyKind.BERNOULLI: BernoulliBody,
        FrequencyKind.PER_OBJECT: PerObjectBody,
    },
)
READ_SEVERITY = _by_kind(
    _SeverityTag,
    {
        **_BELOW,
        SeverityKind.PERT: PertBody,
        SeverityKind.GPD_TAIL: GpdTailBody,
        SeverityKind.EXPOSURE_SHARE: ExposureShareBody,
    },
)


class LossFilter(Body):
    """Which losses count: incidents by class or risk, the others by account or partner."""

    risk_class: Annotated[RiskClass | None, Field(alias="class")] = None
    risk_id: UUID | None = None
    account_id: UUID | None = None
    partner_id: UUID | None = None

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class Interval(Body):
    """An estimate, and the interval that holds the right value in 9 of 10."""

    value: float
    low: float
    high: float


class Spread(Body):
    """Counts of equal periods: mean, variance, and the chance of as much variance under Poisson."""

    periods: int
    mean: float
    variance: float
    p: float


class Estimate(Body):
    """What distributions were estimated from: losses above 0 of the days from `first` to `last`.

    `rate` is a year's; `mu` and `sigma` are those of the logarithms, `xi` and `beta` those of a tail above `threshold`.
    With fewer than 10 losses (`insufficient_data`) the scenario keeps its distributions.
    """

    source: LossSource
    first: date
    last: date
    losses: int
    least: int | None
    most: int | None
    total: int
    insufficient_data: bool
    rate: Interval
    spread: Spread | None = None
    mu: Interval | None = None
    sigma: Interval | None = None
    threshold: float | None = None
    excesses: int | None = None
    xi: Interval | None = None
    beta: Interval | None = None
