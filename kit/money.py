"""Money is integer minor units plus an ISO 4217 currency; shares are integers of 1e-6.

Rounding is half-even everywhere; remainders go by largest remainder with a stable tie-break.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from math import lcm

from iso4217 import Currency

MAX_AMOUNT = 10**13
"""Largest absolute amount in minor units that any field accepts."""

SHARE_WHOLE = 1_000_000
"""100 % as a share."""

_EXPONENTS = {c.code: c.exponent for c in Currency if c.exponent is not None}


class UnknownCurrency(ValueError):
    """Not an ISO 4217 code of a currency with minor units."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of `currency` (ISO 4217)."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other.amount


def exponent(currency: str) -> int:
    """Decimal digits of the currency's minor unit (2 for CNY, 0 for JPY); raises UnknownCurrency."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def is_currency(code: str) -> bool:
    """Whether `code` is a currency that amounts can be kept in."""
    return code in _EXPONENTS


def ratio(amount: int, numerator: int, denominator: int) -> int:
    """amount x numerator / denominator, rounded half-even once."""
    sign = -1 if denominator < 0 else 1
    quotient, rest = divmod(sign * amount * numerator, sign * denominator)
    return quotient + (2 * rest + (quotient & 1) > sign * denominator)


def convert(amount: int, currency: str, rate: str | Decimal, base_currency: str) -> int:
    """Minor units of `currency` in minor units of `base_currency`; `rate` = base units per unit.

    >>> convert(1000, "JPY", "0.0067", "USD")
    670
    """
    return ratio(amount, *_per_minor_unit(currency, str(rate), base_currency))


@lru_cache(maxsize=1024)
def _per_minor_unit(currency: str, rate: str, base_currency: str) -> tuple[int, int]:
    """Numerator and denominator of what one minor unit of `currency` is in minor units of `base_currency`."""
    exact = Fraction(Decimal(rate)) * Fraction(10) ** (exponent(base_currency) - exponent(currency))
    return exact.numerator, exact.denominator


def allocate(total: int, weights: Sequence[int | Fraction], keys: Sequence[str] | None = None) -> list[int]:
    """Split `total` in proportion to non-negative `weights`, exactly.

    Largest remainder: every part is floor(exact) or floor(exact) + 1 of the absolute total, the
    parts sum to `total`, and ties go to the smaller key (position when `keys` is None), so the
    result does not depend on the order of the input. The split of -x is the negated split of x.
    Raises ValueError when no weight is positive, or one is negative.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    denominator = lcm(*(weight.denominator for weight in weights))
    shares = [int(weight * denominator) for weight in weights]
    whole = sum(shares)
    if whole == 0:
        raise ValueError("at least one weight must be positive")
    sign, magnitude = (-1 if total < 0 else 1), abs(total)
    exact = [divmod(magnitude * share, whole) for share in shares]
    parts = [part for part, _rest in exact]
    missing = magnitude - sum(parts)

    def rank(index: int) -> tuple[int, str, int]:
        return (-exact[index][1], keys[index] if keys is not None else "", index)

    for index in sorted(range(len(parts)), key=rank)[:missing]:
        parts[index] += 1
    return [sign * part for part in parts]


def lots(about: object, what: str, names: Iterable[object]) -> list[str]:
    """A lot for each name, by which odd units of one thing go: the same whenever it is drawn, another for another
    thing, so that over many of them no name is favoured."""
    return [sha256(f"{about}:{what}:{name}".encode()).hexdigest() for name in names]


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to positive `weights`, so that nobody has more of a smaller total.

    For what comes back in steps, where largest remainder (`allocate`) could give somebody more of less. Every unit goes
    to whoever is due it next (by weight / (2 x what they have + 1), ties to the earlier), the method of Sainte-Lague;
    of up to three, each part is the floor or the ceiling of the exact one. The split of -x is the negated split of x.

    >>> allocate(11, [3, 3, 1]), allocate(10, [3, 3, 1])
    ([5, 5, 1], [4, 4, 2])
    >>> apportion(11, [3, 3, 1]), apportion(10, [3, 3, 1])
    ([5, 5, 1], [5, 4, 1])
    """
    if any(weight <= 0 for weight in weights) or not weights:
        raise ValueError("weights must be positive")
    sign, magnitude, whole = (-1 if total < 0 else 1), abs(total), sum(weights)
    parts = [(2 * magnitude * weight + whole) // (2 * whole) for weight in weights]

    def due(index: int, seat: int) -> tuple[Fraction, int]:
        return Fraction(weights[index], 2 * seat + 1), -index

    while sum(parts) < magnitude:
        parts[max(range(len(parts)), key=lambda index: due(index, parts[index]))] += 1
    while sum(parts) > magnitude:
        some = [index for index, part in enumerate(parts) if part]
        parts[min(some, key=lambda index: due(index, parts[index] - 1))] -= 1
    return [sign * part for part in parts]
