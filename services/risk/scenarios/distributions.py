"""How often and how much: distributions by their parameters, checked, and inverted at uniforms.

Amounts are minor units. numpy and scipy are imported where they are used: no other part of the service waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log, sqrt
from typing import TYPE_CHECKING

from kit.errors import FieldError, Invalid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

Z95 = 1.6448536269514722
LEAST = 2.0**-53
"""Uniforms are cut to lie between this and one less it."""
TABLED = 4097
MOST_EVENTS = 100_000.0
"""Mean number of events that a study takes."""
MOST_SPREAD = 10_000.0
"""Variance over mean, less one, that a study takes: beyond it the table of chances has no end."""


class DistributionInvalid(Invalid):
    code, title = "distribution-invalid", "The parameters make no distribution"


class InfiniteMean(Invalid):
    code, title = "infinite-mean", "A tail with xi of 1 or more has no mean"


def _require(is_right: bool, pointer: str, detail: str) -> None:
    if not is_right:
        raise DistributionInvalid(detail, errors=[FieldError(pointer, DistributionInvalid.code, detail)])


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a year something happens: Poisson (no `size`), negative binomial of variance mean + mean^2 / size, or
    Bernoulli (`p`), which happens once or not at all."""

    mean: float
    size: float | None = None
    p: float | None = None

    def check(self) -> None:
        """Raises DistributionInvalid."""
        if self.p is not None:
            _require(isfinite(self.p) and 0 <= self.p <= 1, "/frequency/p", "expected a chance from 0 to 1")
        _require(isfinite(self.mean) and 0 <= self.mean <= MOST_EVENTS, "/frequency/mean", "expected 0 or more")
        if self.size is not None:
            _require(isfinite(self.size) and self.size > 0, "/frequency/size", "expected more than 0")
            _require(self.mean / self.size <= MOST_SPREAD, "/frequency/size", f"expected mean / {MOST_SPREAD:,.0f}")

    def over(self, years: float) -> Frequency:
        """The same over some years: mean and size grow with them, a chance is 1 - (1 - p)^years."""
        if self.p is not None:
            p = 1 - (1 - self.p) ** years
            return Frequency(p, p=p)
        return Frequency(self.mean * years, None if self.size is None else self.size * years)

    @property
    def most(self) -> float:
        """More events than nearly every trial has, by six standard deviations and the heavier tail of a size."""
        if self.p is not None:
            return 1.0
        spread = 0.0 if self.size is None else self.mean / self.size
        return self.mean + 6 * sqrt(self.mean * (1 + spread)) + 14 * spread

    def table(self) -> Floats:
        """Chances of at most 0, 1, 2, ... events, until nothing is left that a uniform could meet."""
        import numpy as np
        from scipy import special  # its distributions take seconds to be imported

        if self.p is not None:
            return np.array([1 - self.p, 1.0])
        if not self.mean:
            return np.array([1.0])
        chance = 1.0 if self.size is None else self.size / (self.size + self.mean)

        def above(events: int) -> float:
            if self.size is None:
                return float(special.pdtrc(events, self.mean))
            return float(special.betaincc(self.size, events + 1, chance))

        most = 16
        while above(most) > LEAST:
            most *= 2
        events = np.arange(most + 1)
        if self.size is None:
            return np.asarray(special.pdtr(events, self.mean), dtype=np.float64)
        return np.asarray(special.betainc(self.size, events + 1, chance), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A loss by the amounts that 5 % and 95 % of losses stay below."""

    q05: float
    q95: float

    def check(self, at: str = "/severity") -> None:
        """Raises DistributionInvalid; `at` is where the parameters stand."""
        _require(isfinite(self.q05) and self.q05 > 0, f"{at}/q05", "expected more than 0")
        _require(isfinite(self.q95) and self.q95 > self.q05, f"{at}/q95", "expected more than q05")

    @property
    def mu(self) -> float:
        """Mean of the logarithms."""
        return (log(self.q05) + log(self.q95)) / 2

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithms."""
        return (log(self.q95) - log(self.q05)) / (2 * Z95)

    def losses(self, uniforms: Floats) -> Floats:
        """The losses at these uniforms."""
        import numpy as np
        from scipy.special import ndtri

        return np.exp(self.mu + self.sigma * np.asarray(ndtri(uniforms), dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Pert:
    """A loss by its least, likeliest and most amount; `g` is how sure the likeliest is."""

    low: float
    mode: float
    high: float
    g: float = 4.0

    def check(self) -> None:
        """Raises DistributionInvalid."""
        _require(isfinite(self.high) and 0 <= self.low < self.high, "/severity/high", "expected more than low")
        _require(self.low <= self.mode <= self.high, "/severity/mode", "expected from low to high")
        _require(isfinite(self.g) and self.g > 0, "/severity/g", "expected more than 0")

    @property
    def mean(self) -> float:
        """Mean loss."""
        return (self.low + self.g * self.mode + self.high) / (self.g + 2)

    @property
    def variance(self) -> float:
        """Variance of a loss."""
        return (self.mean - self.low) * (self.high - self.mean) / (self.g + 3)

    def losses(self, uniforms: Floats) -> Floats:
        """The losses at these uniforms, out of a table of quantiles."""
        import numpy as np
        from scipy.special import betaincinv

        width = self.high - self.low
        a, b = 1 + self.g * (self.mode - self.low) / width, 1 + self.g * (self.high - self.mode) / width
        grid = np.linspace(0.0, 1.0, TABLED)
        return self.low + width * np.interp(uniforms, grid, np.asarray(betaincinv(a, b, grid), dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Empirical:
    """A loss as it happened before: each of the values is as likely."""

    values: tuple[float, ...]

    def check(self, at: str = "/severity") -> None:
        """Raises DistributionInvalid; `at` is where the values stand."""
        _require(len(self.values) >= 20, f"{at}/values", "expected 20 values or more")
        _require(all(isfinite(one) and one >= 0 for one in self.values), f"{at}/values", "expected 0 or more")

    def losses(self, uniforms: Floats) -> Floats:
        """The losses at these uniforms."""
        import numpy as np

        ordered = np.sort(np.array(self.values, dtype=np.float64))
        return ordered[np.minimum((uniforms * len(ordered)).astype(np.int64), len(ordered) - 1)]


@dataclass(frozen=True, slots=True)
class GpdTail:
    """Large losses: above `threshold` a generalised Pareto tail of `tail_share` of all losses, below it the body."""

    threshold: float
    tail_share: float
    xi: float
    beta: float
    body: Lognormal | Empirical | None = None

    def check(self) -> None:
        """Raises DistributionInvalid, InfiniteMean."""
        numbers = (self.threshold, self.tail_share, self.xi, self.beta)
        _require(all(map(isfinite, numbers)), "/severity", "expected numbers")
        _require(self.threshold >= 0, "/severity/threshold", "expected 0 or more")
        _require(0 < self.tail_share <= 1, "/severity/tail_share", "expected a share above 0")
        _require(self.beta > 0, "/severity/beta", "expected more than 0")
        is_whole = self.tail_share == 1
        _require(is_whole == (self.body is None), "/severity/body", "expected for what the tail leaves")
        if self.xi >= 1:
            raise InfiniteMean(errors=[FieldError("/severity/xi", InfiniteMean.code, InfiniteMean.title)])
        if self.body is not None:
            self.body.check("/severity/body")

    @property
    def has_variance(self) -> bool:
        """Whether standard errors mean anything."""
        return self.xi < 0.5

    def losses(self, uniforms: Floats) -> Floats:
        """The losses at these uniforms."""
        import numpy as np

        is_tail = uniforms > 1 - self.tail_share
        found = np.empty_like(uniforms)
        beyond = -np.log((1 - uniforms[is_tail]) / self.tail_share)
        over = beyond if self.xi == 0 else np.expm1(self.xi * beyond) / self.xi
        found[is_tail] = self.threshold + self.beta * over
        if self.body is not None:
            found[~is_tail] = self._below(uniforms[~is_tail] / (1 - self.tail_share))
        return found

    def _below(self, uniforms: Floats) -> Floats:
        import numpy as np
        from scipy.special import ndtr

        if isinstance(self.body, Empirical):
            kept = tuple(value for value in self.body.values if value <= self.threshold)
            return Empirical(kept or (self.threshold,)).losses(uniforms)
        assert self.body is not None, "what the tail leaves has a body"
        cut = float(ndtr((log(self.threshold) - self.body.mu) / self.body.sigma)) if self.threshold else LEAST
        return self.body.losses(np.clip(uniforms * cut, LEAST, 1 - LEAST))


@dataclass(frozen=True, slots=True)
class ExposureShare:
    """What is lost of an object drawn evenly: its exposure times `loss_rate`."""

    exposures: tuple[int, ...]
    loss_rate: float

    def check(self) -> None:
        """Raises DistributionInvalid."""
        _require(bool(self.exposures) and min(self.exposures) >= 0, "/severity/exposures", "expected 0 or more each")
        _require(isfinite(self.loss_rate) and 0 <= self.loss_rate <= 1, "/severity/loss_rate", "expected 0 to 1")

    def losses(self, uniforms: Floats) -> Floats:
        """The losses at these uniforms."""
        import numpy as np

        exposures = np.array(self.exposures, dtype=np.float64)
        drawn = np.minimum((uniforms * len(exposures)).astype(np.int64), len(exposures) - 1)
        return self.loss_rate * exposures[drawn]


Severity = Lognormal | Pert | Empirical | GpdTail | ExposureShare
