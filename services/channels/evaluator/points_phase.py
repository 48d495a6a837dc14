"""Points that are redeemed take effect last, on what all else left: over the lines by net, not bound by floors."""

from __future__ import annotations

from dataclasses import replace

from kit.money import allocate
from services.channels.evaluator.results import Evaluation, LineResult, Step

POINTS = "points"
"""Name of the step."""


def redeem(evaluation: Evaluation, value: int) -> Evaluation:
    """The evaluation less what points are worth (at most its net); gifts have no net. Of equal remainders the line that
    comes first by its content, so no order of the lines matters."""
    lines = evaluation.lines
    order = sorted(range(len(lines)), key=lambda place: _content(lines[place]))
    amounts = allocate(value, [lines[place].net for place in order])
    taken = dict(zip(order, amounts, strict=True))
    return replace(evaluation, lines=tuple(_less(line, taken[place]) for place, line in enumerate(lines)))


def _content(line: LineResult) -> tuple[str | int, ...]:
    parts = [value for part in line.parts for value in part]
    return (line.sku, line.quantity, line.unit_price, line.manual, line.net, *parts)


def _less(line: LineResult, amount: int) -> LineResult:
    if not amount:
        return line
    step = Step(POINTS, "", 0, line.net, line.net - amount)
    return line._replace(
        discount=line.discount + amount, net=line.net - amount, points=amount, steps=(*line.steps, step)
    )
