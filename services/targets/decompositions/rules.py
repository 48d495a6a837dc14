"""Pure rules of decompositions: weights from drivers, water-filling under constraints, exact integers.

The split is amount_i = clamp(level x weight_i, lower_i, upper_i) with the one level at which the
amounts sum to the parent (water-filling), rounded by largest remainder. Everything is computed in
integers, so the children sum to the parent to the unit and the order of the children has no influence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from math import prod
from types import MappingProxyType
from uuid import UUID

from kit.errors import Conflict, Invalid
from kit.money import MAX_AMOUNT, SHARE_WHOLE, allocate, lots
from services.targets.decompositions.filling import Bounds, Constraint, ConstraintKind, Limit, fill, smallest_conflict

Values = Mapping[str, int | None]
MAX_VALUE = 10**18
"""Largest value of a driver."""
GROWTH_SCALE = 1_000
"""Parts of a minor unit in which grown values are kept."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child by its stable key, with an optional locked value, floor and cap in minor units."""

    key: str
    locked: int | None = None
    floor: int | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Driver:
    """One part of the mix: `share` > 0 relative to the other parts, `values` by child key in any common unit.

    A missing or null value is "no input": the child takes part with the mean of the positive values.
    A value of 0 is "no potential": the child is excluded from the whole split.
    """

    kind: str
    share: int
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """Result of one child: the split without constraints, the amount, and the constraint that decided it."""

    key: str
    computed: int
    amount: int
    bound: ConstraintKind | None


class DecompositionInvalid(Invalid, ValueError):
    """Children or drivers do not make a question: none, one twice, negative or unknown input."""

    code, title = "decomposition-invalid", "The decomposition is not valid"


class DecompositionInfeasible(Conflict):
    """No amounts satisfy the constraints; `conflicts` is the smallest set of them that contradicts the amount."""

    code, title = "decomposition-infeasible", "The constraints contradict each other or the amount"

    def __init__(self, detail: str, conflicts: Sequence[Constraint]) -> None:
        super().__init__(detail, extra={"conflicts": [asdict(conflict) for conflict in conflicts]})
        self.conflicts = tuple(conflicts)


def _equal(keys: Sequence[str], _: Values) -> Values:
    return dict.fromkeys(keys, 1)


def _given(keys: Sequence[str], values: Values) -> Values:
    return {key: values.get(key) for key in keys}


DRIVERS: Mapping[str, Callable[[Sequence[str], Values], Values]] = MappingProxyType(
    {
        "equal": _equal,
        "custom": _given,
        "historical_share": _given,
        "growth_uniform": _given,
        "market_potential": _given,
        "capacity": _given,
        "seasonality": _given,
        "working_days": _given,
    }
)
"""Driver kind -> function (child keys, input values) -> value per child; a new driver is one more entry."""


class DriversUnknown(Conflict):
    code, title = "drivers-unknown", "What the drivers gave is not kept for this decomposition"


class ChildDecomposed(Conflict):
    code, title = "child-decomposed", "A child whose amount would change is decomposed"


class OfTable(Conflict):
    code, title = "decomposition-of-table", "The children also sum to other decompositions of a table"


class PlansOpen(Conflict):
    code, title = "plans-open", "Plans of the tree that are neither promoted nor dropped hold a copy of it"


class Retired(Conflict):
    code, title = "decomposition-retired", "The decomposition was retired"


class DriverDataInsufficient(Conflict):
    code, title = "driver-data-insufficient", "Nothing is known from which the driver could take its values"


def earlier_values(kind: str, results: Mapping[str, int], *, is_by_time: bool) -> Values:
    """What results of earlier give children: a period without a positive one is excluded, of anything else nothing is
    known then. Raises DriverDataInsufficient without any positive one."""
    if not any(result > 0 for result in results.values()):
        raise DriverDataInsufficient(f"driver {kind}: no child has a result", extra={"driver": kind})
    nothing = 0 if is_by_time else None
    return {key: result if result > 0 else nothing for key, result in results.items()}


def positive_values(kind: str, values: Values) -> Values:
    """What is known of children, of which something must be: what is not above 0 is no input. Raises
    DriverDataInsufficient."""
    if not any(value is not None and value > 0 for value in values.values()):
        raise DriverDataInsufficient(f"driver {kind}: nothing is known of any child", extra={"driver": kind})
    return {key: value if value is not None and value > 0 else None for key, value in values.items()}


def within(held: Collection[str], wanted: str | None) -> list[str]:
    """Codes of regions as far as they lie in a region (None: everywhere); each place once, under its widest code.

    >>> within(["CN", "CN-SH", "DE-BE"], None), within(["CN", "DE-BE"], "CN-SH"), within(["CN-SH"], "CN")
    (['CN', 'DE-BE'], ['CN-SH'], ['CN-SH'])
    """
    if wanted is not None and any(_holds(code, wanted) for code in held):
        return [wanted]
    inside = [code for code in held if wanted is None or _holds(wanted, code)]
    return sorted(code for code in set(inside) if not any(other != code and _holds(other, code) for other in inside))


def _holds(wider: str, code: str) -> bool:
    return code == wider or code.startswith(f"{wider}-")


def grown_values(values: Values, growth: Mapping[str, int], step: int) -> Values:
    """Values that each grow by their own rate, and by `step` from one to the next (both 1e-6), in thousandths."""
    found: dict[str, int | None] = {}
    factor = Fraction(1)
    for key, value in values.items():
        grown = (value or 0) * GROWTH_SCALE * (1 + Fraction(growth[key], SHARE_WHOLE)) * factor
        found[key] = None if value is None else round(grown)
        factor *= 1 + Fraction(step, SHARE_WHOLE)
    return found


def values_of(driver: Driver, keys: Sequence[str]) -> Values:
    """What a driver gives each child."""
    return DRIVERS[driver.kind](keys, driver.values)


def mix_weights(keys: Sequence[str], drivers: Sequence[Driver]) -> dict[str, int]:
    """Integer weights: the weighted sum of the drivers, each normalised to 1 over the children taking part.

    Excluded children have weight 0, all others a positive one. Raises DecompositionInvalid.
    """
    if not drivers or any(driver.share <= 0 for driver in drivers):
        raise DecompositionInvalid("a mix needs at least one driver, and every share must be positive")
    columns = []
    for driver in drivers:
        if driver.kind not in DRIVERS:
            raise DecompositionInvalid(f"unknown driver {driver.kind}")
        if unknown := driver.values.keys() - set(keys):
            raise DecompositionInvalid(f"driver {driver.kind} has a value for {min(unknown)}, which is not a child")
        if any(value is not None and not 0 <= value <= MAX_VALUE for value in driver.values.values()):
            raise DecompositionInvalid(f"driver {driver.kind} has a value outside 0..{MAX_VALUE}")
        columns.append(values_of(driver, keys))
    active = [key for key in keys if all(column[key] != 0 for column in columns)]
    filled = [_fill_nulls(active, column) for column in columns]
    wholes = [sum(column.values()) for column in filled]
    weights = dict.fromkeys(keys, 0)
    for position, (driver, column) in enumerate(zip(drivers, filled, strict=True)):
        factor = driver.share * prod(wholes[:position] + wholes[position + 1 :])
        for key in active:
            weights[key] += factor * column[key]
    return weights


def _fill_nulls(keys: Sequence[str], column: Values) -> dict[str, int]:
    given = [value for key in keys if (value := column[key]) is not None]
    if not given:
        return dict.fromkeys(keys, 1)
    if len(given) == len(keys):
        return {key: column[key] or 0 for key in keys}
    whole, count = sum(given), len(given)
    return {key: whole if (value := column[key]) is None else value * count for key in keys}


def decompose(amount: int, children: Sequence[Child], drivers: Sequence[Driver], about: object) -> list[Cell]:
    """Split `amount` (minor units, may be negative) over the children, in the order given.

    The cells sum to `amount` exactly and respect every lock, floor and cap; without a negative lock
    or floor no child is negative. A negative amount is the mirror image of the positive one. Ties of
    the largest remainder go by a lot that is drawn for what is split (`about`), so that over many splits no child is
    favoured. A lock wins over an exclusion.
    Raises DecompositionInvalid, DecompositionInfeasible.
    """
    keys = [child.key for child in children]
    if not keys or len(set(keys)) != len(keys):
        raise DecompositionInvalid("a decomposition needs children, each named once")
    figures = [n for child in children for n in (child.locked, child.floor, child.cap) if n is not None]
    if any(abs(figure) > MAX_AMOUNT for figure in (amount, *figures)):
        raise DecompositionInvalid(f"an amount passes {MAX_AMOUNT}")
    weights = mix_weights(keys, drivers)
    sign = -1 if amount < 0 else 1
    bounds = [bounds_of(child, sign, excluded=not weights[child.key]) for child in children]
    if conflicts := smallest_conflict(sign * amount, bounds):
        named = ", ".join(f"{item.kind} {item.value} of {item.child}" for item in conflicts[:5])
        more = f" and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""
        raise DecompositionInfeasible(f"{amount} cannot be met with {named}{more}", conflicts)
    column = [weights[key] for key in keys]
    drawn = lots(about, "children", keys)
    computed = allocate(amount, column, drawn) if any(column) else [0] * len(keys)
    filled = fill(sign * amount, bounds, column, drawn)
    return [
        Cell(key, plain, sign * value, bound) for key, plain, (value, bound) in zip(keys, computed, filled, strict=True)
    ]


def nested(paths: Sequence[Sequence[UUID]]) -> tuple[int, int] | None:
    """Indexes of a unit and of one below it, None when no one is above another; a path leads from the root down."""
    at = {path[-1]: index for index, path in enumerate(paths)}
    for below, path in enumerate(paths):
        above = next((at[unit] for unit in path[:-1] if unit in at), None)
        if above is not None:
            return above, below
    return None


def bounds_of(child: Child, sign: int, *, excluded: bool) -> Bounds:
    """All limits of a child; those of a negative amount (`sign` -1) are mirrored."""
    fixed = []
    if child.locked is not None:
        fixed.append(Limit(sign * child.locked, Constraint(child.key, ConstraintKind.LOCKED, child.locked)))
    elif excluded:
        fixed.append(Limit(0, Constraint(child.key, ConstraintKind.EXCLUDED, 0)))
    floor, cap = child.floor, child.cap
    low = [] if floor is None else [Limit(sign * floor, Constraint(child.key, ConstraintKind.FLOOR, floor))]
    high = [] if cap is None else [Limit(sign * cap, Constraint(child.key, ConstraintKind.CAP, cap))]
    if sign < 0:
        low, high = high, low
    return Bounds(child.key, (*fixed, *low), (*fixed, *high))
