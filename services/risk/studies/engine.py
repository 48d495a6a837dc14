"""A year, many times over: annual losses of scenarios, of uniforms that each scenario, event and trial has for itself.

One seed gives the same bits whatever chunks, threads and order; a further scenario moves no other, and a treatment is
paired with what it treats trial by trial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from kit.errors import Invalid
from kit.money import MAX_AMOUNT
from services.risk.scenarios.distributions import LEAST, Frequency

if TYPE_CHECKING:
    from services.risk.scenarios.distributions import Floats, Integers

CHUNK = 10_000
"""Trials that are drawn together."""


class LossTooLarge(Invalid):
    code, title = "loss-too-large", "A simulated loss is larger than any amount"


class Purpose(IntEnum):
    """What uniforms are for; events have a purpose each, from `EVENT` on."""

    FREQUENCY = 0
    COPULA = 1
    EVENT = 16


class Inverted(Protocol):
    """A law of losses, inverted at uniforms."""

    def losses(self, uniforms: Floats) -> Floats:
        """The losses at these uniforms."""
        ...


@dataclass(frozen=True, slots=True)
class Scenario:
    """How often, and how much each time."""

    id: UUID
    frequency: Frequency
    severity: Inverted


def words_of(scenario_id: UUID) -> tuple[int, ...]:
    """An id as four words of 32 bits."""
    return tuple((scenario_id.int >> shift) & 0xFFFFFFFF for shift in (96, 64, 32, 0))


def uniforms(seed: int, scenario_id: UUID, purpose: int, chunk: int, count: int) -> Floats:
    """The uniforms of a chunk of trials, never 0 and never 1."""
    import numpy as np

    sequence = np.random.SeedSequence(seed, spawn_key=(*words_of(scenario_id), purpose, chunk))
    drawn = np.random.Generator(np.random.PCG64(sequence)).random(count)
    return np.clip(drawn, LEAST, 1 - LEAST, out=drawn)


def annual_losses(
    scenario: Scenario, seed: int, trials: int, *, years: float = 1.0, checked: Callable[[], None] = lambda: None
) -> Integers:
    """The losses of each trial, whole minor units; `checked` is called before each chunk and may raise."""
    import numpy as np

    table = scenario.frequency.over(years).table()
    found = np.zeros(trials, dtype=np.int64)
    for chunk, start in enumerate(range(0, trials, CHUNK)):
        checked()
        count = min(CHUNK, trials - start)
        drawn = uniforms(seed, scenario.id, Purpose.FREQUENCY, chunk, CHUNK)[:count]
        events = np.minimum(np.searchsorted(table, drawn, side="left"), len(table) - 1)
        part = found[start : start + count]
        for event in range(int(events.max(initial=0))):
            hit = np.flatnonzero(events > event)
            layer = uniforms(seed, scenario.id, Purpose.EVENT + event, chunk, CHUNK)
            losses = scenario.severity.losses(layer[hit])
            if losses.size and not losses.max() <= MAX_AMOUNT:  # also where it is no number
                raise LossTooLarge(f"more than {MAX_AMOUNT} in scenario {scenario.id}")
            part[hit] += np.rint(losses).astype(np.int64)
    return found


def normals(scenario_id: UUID, seed: int, trials: int) -> Floats:
    """The standard normals by which the years of a scenario are ordered."""
    import numpy as np
    from scipy.special import ndtri

    chunks = range((trials + CHUNK - 1) // CHUNK)
    drawn = np.concatenate([uniforms(seed, scenario_id, Purpose.COPULA, chunk, CHUNK) for chunk in chunks])
    return np.asarray(ndtri(drawn[:trials]), dtype=np.float64)


def reordered(losses: Integers, by: Floats) -> Integers:
    """The same years in another order: the larger the normal, the larger the loss."""
    import numpy as np

    found = np.empty_like(losses)
    found[np.argsort(by, kind="stable")] = np.sort(losses, kind="stable")
    return found


def simulate(
    scenarios: Sequence[Scenario],
    seed: int,
    trials: int,
    factors: Mapping[UUID, Mapping[UUID, float]] | None = None,
    *,
    years: float = 1.0,
    workers: int = 1,
    checked: Callable[[], None] = lambda: None,
) -> dict[UUID, Integers]:
    """Annual losses by scenario, in the order of their ids.

    `factors` are rows of the Cholesky factor of those that are correlated (`copula.factors_of`): the others keep the
    order in which they were drawn. `workers` threads share the scenarios: numpy computes beside them.
    """
    known = factors or {}
    of = {each: normals(each, seed, trials) for each in sorted(known)}

    def lost(scenario: Scenario) -> Integers:
        losses = annual_losses(scenario, seed, trials, years=years, checked=checked)
        row = known.get(scenario.id)
        return losses if row is None else reordered(losses, mixed(row, of))

    ordered = sorted(scenarios, key=lambda one: one.id)
    with ThreadPoolExecutor(workers) as pool:
        return dict(zip((one.id for one in ordered), pool.map(lost, ordered), strict=True))


def mixed(row: Mapping[UUID, float], of: Mapping[UUID, Floats]) -> Floats:
    """A row of the factor times the normals."""
    first, *rest = row.items()
    found = first[1] * of[first[0]]
    for other, factor in rest:
        found += factor * of[other]
    return found
