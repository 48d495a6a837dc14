"""What treatments do to scenarios, pure: factors, what others bear of a loss, exposures moved; return and proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from kit.money import SHARE_WHOLE, allocate
from services.risk.scenarios.bodies import ExposureShareBody, FrequencyBody, PerObjectBody, SeverityBody
from services.risk.scenarios.distributions import Frequency, Severity
from services.risk.scenarios.laws import frequency_of, severity_of
from services.risk.treatments.bodies import (
    AcceptEffect,
    AppliedEffect,
    AvoidEffect,
    DiversifyEffect,
    EffectBody,
    MitigateEffect,
    TransferEffect,
)

if TYPE_CHECKING:
    from services.risk.scenarios.distributions import Floats

FOUR_DIGITS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class TreatedSeverity:
    """A loss after its treatment: a factor, then what others bear of what exceeds a deductible, up to a limit."""

    severity: Severity
    factor: float
    deductible: int = 0
    limit: int = 0
    share: float = 0.0

    def losses(self, uniforms: Floats) -> Floats:
        """The losses at these uniforms."""
        import numpy as np

        left = self.severity.losses(uniforms) * self.factor
        return left - self.share * np.clip(left - self.deductible, 0, self.limit)


def applied(effect: EffectBody, left: tuple[int, int], exposures: Sequence[int]) -> AppliedEffect:
    """An effect as it is simulated; `left` is what the controls of the risk leave of frequency and severity,
    `exposures` are those of the dimension of a plan."""
    match effect:
        case AvoidEffect():
            return AppliedEffect(frequency_factor=SHARE_WHOLE - effect.share)
        case MitigateEffect():
            frequency, severity = left if effect.by_controls else (effect.frequency_factor, effect.severity_factor)
            return AppliedEffect(
                frequency_factor=SHARE_WHOLE if frequency is None else frequency,
                severity_factor=SHARE_WHOLE if severity is None else severity,
            )
        case TransferEffect():
            return AppliedEffect(deductible=effect.deductible, limit=effect.limit, share=effect.share)
        case DiversifyEffect():
            planned = allocate(sum(exposures), [one.share for one in effect.plan], [one.key for one in effect.plan])
            moved = tuple(one for one in planned if one > 0)
            return AppliedEffect(dimension=effect.dimension, planned=moved)
        case AcceptEffect():
            return AppliedEffect()


def frequency_after(body: FrequencyBody, effect: AppliedEffect, objects: int) -> Frequency:
    """How often a year after the treatment: each event stays away with the same chance."""
    if isinstance(body, PerObjectBody) and body.dimension is effect.dimension:
        objects = len(effect.planned)
    found, factor = frequency_of(body, objects), effect.frequency_factor / SHARE_WHOLE
    return Frequency(found.mean * factor, found.size, None if found.p is None else found.p * factor)


def severity_after(body: SeverityBody, effect: AppliedEffect, exposures: Sequence[int]) -> TreatedSeverity:
    """How much each time after the treatment."""
    if isinstance(body, ExposureShareBody) and body.dimension is effect.dimension:
        exposures = effect.planned
    return TreatedSeverity(
        severity_of(body, exposures),
        effect.severity_factor / SHARE_WHOLE,
        effect.deductible,
        effect.limit,
        effect.share / SHARE_WHOLE,
    )


def hhi(amounts: Sequence[int]) -> int | None:
    """Concentration (Herfindahl-Hirschman) of all amounts above 0: 10,000 is one alone; None where there are none.

    50, 30, 20: 3,800; 700, 200, 100, -50: 5,400.
    """
    held = [amount for amount in amounts if amount > 0]
    total = sum(held)
    return round(Fraction(10_000 * sum(amount * amount for amount in held), total * total)) if total else None


def cost_of_a_year(cost_once: int, cost_yearly: int, lifetime_years: int) -> Fraction:
    """What a treatment costs a year, exactly."""
    return cost_yearly + Fraction(cost_once, lifetime_years)


def return_of(difference: Fraction, cost: Fraction) -> float | None:
    """(What is no longer lost - cost) / cost, to 4 decimals; None without a cost."""
    if not cost:
        return None
    found = (difference - cost) / cost
    exact = Decimal(found.numerator) / Decimal(found.denominator)
    return float(exact.quantize(FOUR_DIGITS, ROUND_HALF_EVEN))


def expected_share(effect: EffectBody, left: tuple[int, int]) -> int:
    """What share of events an effect takes away."""
    return SHARE_WHOLE - applied(effect, left, ()).frequency_factor


def share_less(before: int, after: int) -> int | None:
    """What share of something is no longer there; below 0 where it is more, None where nothing was."""
    return round(Fraction((before - after) * SHARE_WHOLE, before)) if before else None


def same_rate(before: int, after: int) -> float:
    """The chance that two counts of equal times differ as much while the rate is the same (exact Poisson, both sides).

    Of both together each falls into either time with the same chance: 10 and 2: 0.0386.
    """
    count, fewer = before + after, min(before, after)
    tail, term = 0, 1
    for one in range(fewer + 1):
        tail += term
        term = term * (count - one) // (one + 1)
    return float(min(Fraction(1), Fraction(2 * tail, 2**count)))
