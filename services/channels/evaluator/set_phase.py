"""Sets of units: a unit is in one set at most.

The promotion that saves most takes its units, the rest is computed again: deterministic, not always optimal (set
packing is NP-hard). Units are kept as runs of equal ones, never one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from kit.money import SHARE_WHOLE
from services.channels.evaluator.carts import Stage
from services.channels.evaluator.compiled import Candidate
from services.channels.evaluator.eligibility import limit_refusal
from services.channels.evaluator.line_phase import Given
from services.channels.evaluator.results import NotApplied, Reason
from services.channels.evaluator.rewards import Bundle, NthPiece
from services.channels.evaluator.spreading import spread

Worth = tuple[int, Fraction, int]
"""What sets are compared by: what they give, exactly before rounding and cuts, the smaller code (as -number)."""


class Run(NamedTuple):
    """Units of a line."""

    place: int
    units: int


class Pieces:
    """What a unit of each line costs, in parts of a minor unit of which `scale` are one, so that all are whole; and how
    lines rank by that: equal ones by place."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        lines, places = stage.cart.lines, stage.cart.places
        self.scale = lcm(*(line.quantity for line in lines))
        self.nets = [net * (self.scale // line.quantity) for net, line in zip(stage.nets, lines, strict=True)]
        self.cheapest = _ranks(sorted(places, key=lambda place: (self.nets[place], place)))
        self.dearest = _ranks(sorted(places, key=lambda place: (-self.nets[place], place)))

    def worth(self, runs: Iterable[Run]) -> dict[int, int]:
        """What units cost, by place."""
        return {run.place: run.units * self.nets[run.place] for run in runs}


def _ranks(places: Sequence[int]) -> list[int]:
    found = [0] * len(places)
    for rank, place in enumerate(places):
        found[place] = rank
    return found


@dataclass(frozen=True, slots=True)
class Saving:
    """What a promotion saves with the units that are left: of which lines, by which weights, and the units it takes."""

    candidate: Candidate
    exact: Fraction
    given: int
    weights: dict[int, int]
    taken: dict[int, int]

    @property
    def worth(self) -> Worth:
        """See Worth."""
        return self.given, self.exact, -self.candidate.number


def saving_of(pieces: Pieces, candidate: Candidate, units: Sequence[int]) -> Saving | NotApplied:
    """What a candidate saves with these units of each line, within the rooms and its cap; or why it does not."""
    rule, stage = candidate.rule, pieces.stage
    runs = [Run(place, units[place]) for place in candidate.places if units[place]]
    if isinstance(rule.reward, Bundle):
        found = _bundle(pieces, rule.reward, rule.max_times, runs)
    elif isinstance(rule.reward, NthPiece):
        found = _nth_piece(pieces, rule.reward, rule.max_times, runs)
    else:
        raise TypeError(f"{rule.code} is no promotion of sets")
    if isinstance(found, int):
        return NotApplied(rule.code, Reason.QUANTITY, found)
    exact, weights, taken = found
    rooms = stage.rooms_of(below_floor=rule.below_floor)
    given = min(round(max(exact, Fraction(0))), sum(rooms[place] for place in weights))
    if rule.max_discount:
        given = min(given, rule.max_discount[stage.context.currency])
    reason = limit_refusal(rule, stage.context, candidate.left, lambda: stage.in_base(given))
    return NotApplied(rule.code, reason) if reason else Saving(candidate, exact, given, weights, taken)


def _take(runs: Iterable[Run], wanted: int) -> list[Run]:
    """The first units of runs."""
    found = []
    for run in runs:
        if wanted <= 0:
            break
        found.append(run if run.units <= wanted else Run(run.place, wanted))
        wanted -= run.units
    return found


Found = tuple[Fraction, dict[int, int], dict[int, int]]


def _bundle(pieces: Pieces, bundle: Bundle, max_times: int | None, runs: Sequence[Run]) -> Found | int:
    """The dearest units of each product make the sets; units missing of the first set otherwise."""
    by_sku: dict[str, list[Run]] = {need.sku: [] for need in bundle.needs}
    for run in runs:
        by_sku[pieces.stage.cart.lines[run.place].sku].append(run)
    times = min(sum(run.units for run in by_sku[need.sku]) // need.quantity for need in bundle.needs)
    if times == 0:
        return sum(max(0, need.quantity - sum(run.units for run in by_sku[need.sku])) for need in bundle.needs)
    times = times if max_times is None else min(times, max_times)
    used: list[Run] = []
    for need in bundle.needs:
        dearest = sorted(by_sku[need.sku], key=lambda run: pieces.dearest[run.place])
        used += _take(dearest, times * need.quantity)
    weights = pieces.worth(used)
    price = times * bundle.prices[pieces.stage.context.currency]
    return (
        Fraction(sum(weights.values()) - price * pieces.scale, pieces.scale),
        weights,
        {run.place: run.units for run in used},
    )


def _nth_piece(pieces: Pieces, rule: NthPiece, max_times: int | None, runs: Sequence[Run]) -> Found | int:
    """The cheapest units of all are reduced; with the next cheapest they make the sets."""
    units = sum(run.units for run in runs)
    times = units // rule.pieces
    if times == 0:
        return rule.pieces - units
    times = times if max_times is None else min(times, max_times)
    cheapest = sorted(runs, key=lambda run: pieces.cheapest[run.place])
    weights = pieces.worth(_take(cheapest, times * rule.reduced))
    taken = {run.place: run.units for run in _take(cheapest, times * rule.pieces)}
    return Fraction(sum(weights.values()) * rule.share, pieces.scale * SHARE_WHOLE), weights, taken


def best_set(stage: Stage, candidates: Sequence[Candidate], refused: dict[str, NotApplied]) -> Saving | None:
    """The candidate that alone saves most with all units."""
    if not candidates:
        return None
    units = [line.quantity for line in stage.cart.lines]
    best: Saving | None = None
    pieces = Pieces(stage)
    for candidate in candidates:
        saving = saving_of(pieces, candidate, units)
        if isinstance(saving, NotApplied):
            refused[candidate.rule.code] = saving
        elif saving.given and (best is None or best.worth < saving.worth):
            best = saving
    return best


def give_set(stage: Stage, saving: Saving, given: Given) -> None:
    """Spread a saving over its lines, within their rooms."""
    rooms = stage.rooms_of(below_floor=saving.candidate.rule.below_floor)
    places = sorted(saving.weights)
    amounts = spread(saving.given, [saving.weights[place] for place in places], [rooms[place] for place in places])
    given.add(saving.candidate, places, amounts)


def choose_sets(stage: Stage, candidates: Sequence[Candidate], given: Given) -> set[str]:
    """Give what the greedy choice finds; returns the groups that gave."""
    if not candidates:
        return set()
    units = [line.quantity for line in stage.cart.lines]
    savings: dict[str, Saving] = {}
    pieces = Pieces(stage)
    _compute(pieces, candidates, units, savings, given.refused)
    won: set[str] = set()
    while savings:
        best = max(savings.values(), key=lambda saving: saving.worth)
        if not best.given:
            break
        give_set(stage, best, given)
        won.add(best.candidate.rule.group)
        for place, taken in best.taken.items():
            units[place] -= taken
        savings = {code: one for code, one in savings.items() if one.candidate.rule.group not in won}
        touched = [one.candidate for one in savings.values() if not best.taken.keys().isdisjoint(one.candidate.places)]
        for candidate in touched:
            del savings[candidate.rule.code]
        _compute(pieces, touched, units, savings, {})
    return won


def _compute(
    pieces: Pieces,
    candidates: Iterable[Candidate],
    units: Sequence[int],
    savings: dict[str, Saving],
    refused: dict[str, NotApplied],
) -> None:
    for candidate in candidates:
        saving = saving_of(pieces, candidate, units)
        if isinstance(saving, NotApplied):
            refused[candidate.rule.code] = saving
        else:
            savings[candidate.rule.code] = saving
