"""Pure rules of thresholds: whether a promotion would still give what it gave, of what is kept after a return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from kit.money import ratio
from services.channels.evaluator.rewards import (
    Bundle,
    Gift,
    Ladder,
    NthPiece,
    OrderRate,
    Phase,
    Products,
    Reward,
    SpendEvery,
    SpendSteps,
)
from services.channels.promotions.bodies import reward_of
from services.channels.promotions.models import Promotion
from services.channels.promotions.terms import phase_of
from services.channels.quotes.models import QuoteLine, Whole

_EARLIER = (Phase.LINE, Phase.SET)


def broken_thresholds(whole: Whole, promotions: Mapping[UUID, Promotion], returned: Mapping[int, int]) -> set[UUID]:
    """Promotions of which something is kept that reach a lower step with it than with all that was ordered; `returned`
    are pieces in all, by line."""
    kept = {line.line_no: max(0, line.quantity - returned.get(line.line_no, 0)) for line in whole.lines}
    nets = _spendable(whole, promotions)
    found = set()
    for one in {part.promotion_id for part in whole.parts if kept[part.line_no] and part.discount}:
        promotion = promotions.get(one)
        if promotion is None:
            continue
        lines = [line for line in whole.lines if not line.is_gift and _is_for(promotion.products.named(), line)]
        reward, most = reward_of(promotion.reward), promotion.max_times
        before = _level(reward, whole.quote.currency, [(line, line.quantity, nets[line.line_no]) for line in lines])
        after = _level(
            reward,
            whole.quote.currency,
            [(line, n := kept[line.line_no], ratio(nets[line.line_no], n, line.quantity)) for line in lines],
        )
        if after < (before if most is None else min(before, most)):
            found.add(one)
    return found


def _spendable(whole: Whole, promotions: Mapping[UUID, Promotion]) -> dict[int, int]:
    """What lines cost when promotions of the order look at them: after those of lines and sets."""
    nets = {line.line_no: line.quantity * line.unit_price for line in whole.lines}
    for part in whole.parts:
        promotion = promotions.get(part.promotion_id)
        if promotion is not None and phase_of(promotion.reward) in _EARLIER:
            nets[part.line_no] -= part.discount
    return nets


def _is_for(products: Products, line: QuoteLine) -> bool:
    is_named = line.sku in products.skus or line.product_line in products.lines
    return line.sku not in products.excluded and (is_named or not (products.skus or products.lines))


def _level(reward: Reward, currency: str, lines: Sequence[tuple[QuoteLine, int, int]]) -> int:
    """How far (line, pieces, what they cost) reach: the step, or how many times; of what has no threshold, 0."""
    units, spend = sum(count for _line, count, _net in lines), sum(net for _line, _count, net in lines)
    match reward:
        case Ladder():
            return _reached((rung.min_quantity for rung in reward.rungs), units)
        case NthPiece():
            return units // reward.pieces
        case Bundle():
            return min(_units(lines, need.sku) // need.quantity for need in reward.needs)
        case OrderRate() | Gift():
            return int(spend >= reward.spends.get(currency, 0))
        case SpendSteps():
            return _reached((step.spend for step in reward.steps.get(currency, ())), spend)
        case SpendEvery():
            step = reward.steps.get(currency)
            return 0 if step is None else spend // step.spend
    return 0


def _reached(steps: Iterable[int], value: int) -> int:
    return sum(1 for step in steps if step <= value)


def _units(lines: Sequence[tuple[QuoteLine, int, int]], sku: str) -> int:
    return sum(count for line, count, _net in lines if line.sku == sku)
