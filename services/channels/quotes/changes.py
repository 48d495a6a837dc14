"""Rows of a quote out of what the evaluator says; no order of the lines that were asked for changes an amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.errors import FieldError
from kit.money import MAX_AMOUNT
from services.channels.evaluator.carts import PricedLine
from services.channels.evaluator.prices import Article, Price
from services.channels.evaluator.results import Evaluation, LineResult, QuoteApproval
from services.channels.price_approvals.models import PriceApproval
from services.channels.product_costs.rules import AmountOverflow
from services.channels.quotes.models import (
    Content,
    NotAppliedDocument,
    OfferedDocument,
    QuoteLine,
    QuotePart,
    QuoteTrace,
    StepDocument,
)
from services.channels.quotes.rules import MAX_PARTS, TooManyParts, last_day, spread_by_content, valid_until


class Redeemed(Protocol):
    """Points that are redeemed: of which member, what they take off."""

    @property
    def points_account_id(self) -> UUID: ...
    @property
    def points(self) -> int: ...
    @property
    def value(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What terms come to: products and prices by sku, priced lines and their reasons as they were asked for, standing
    approvals by sku, ids of promotions by code, `rate` as text and exactly (base minor units per minor unit), coupons
    of promotions that give something, points that are redeemed."""

    quote_date: date
    rate: str
    to_base: Fraction
    articles: Mapping[str, Article]
    prices: Mapping[str, Price]
    priced: Sequence[PricedLine]
    reasons: Sequence[str]
    evaluation: Evaluation
    approved: Mapping[str, PriceApproval]
    promotion_ids: Mapping[str, UUID]
    tier_end: date | None = None
    coupon_ids: tuple[UUID, ...] = ()
    redeemed: Redeemed | None = None

    @property
    def lines(self) -> tuple[LineResult, ...]:
        """Lines, then gifts."""
        return (*self.evaluation.lines, *self.evaluation.gifts)

    def in_base(self, amount: int) -> int:
        """An amount in base currency, half-even."""
        return round(amount * self.to_base)

    def end(self, valid_days: int, timezone: str) -> date:
        """The last day of a quote with these terms."""
        ends = [self.tier_end, *(price.end for price in self.prices.values())]
        ends += [one.valid_to for one in map(self.cover, self.lines) if one is not None]
        if self.evaluation.ends_at is not None:
            ends.append(last_day(self.evaluation.ends_at, timezone))
        return valid_until(self.quote_date, valid_days, [end for end in ends if end is not None])

    def cover(self, line: LineResult) -> PriceApproval | None:
        """The standing approval that lets a price or a manual discount lie under the floor."""
        amount = line.quantity * line.unit_price
        is_below = amount < line.floor or (line.manual > 0 and line.net + line.points < line.floor)
        return self.approved.get(line.sku) if is_below and QuoteApproval.BELOW_FLOOR not in line.approvals else None


class Totals(NamedTuple):
    """Sums over the lines; `cost_base` is None where the cost of a line is not known."""

    gross: int
    discount: int
    net: int
    net_base: int
    cost_base: int | None
    approvals: tuple[str, ...]


def content_of(found: Found, quote_id: UUID, revision: int) -> Content:
    """Lines, parts and trace of a revision; raises TooManyParts, AmountOverflow."""
    results = found.lines
    pairs = sum(len(line.parts) for line in results)
    if pairs > MAX_PARTS:
        detail = f"{pairs} pairs of a line and a promotion"
        raise TooManyParts(detail, errors=[FieldError("/lines", TooManyParts.code, detail)])
    _check_amounts(found, results)
    nets = _net_bases(found, results)
    asked = len(found.evaluation.lines)
    lines = [
        _line(found, quote_id, revision, number, line, net_base, is_gift=number > asked)
        for number, (line, net_base) in enumerate(zip(results, nets, strict=True), 1)
    ]
    evaluation = found.evaluation
    trace = QuoteTrace(
        quote_id=quote_id,
        revision=revision,
        not_applied=tuple(NotAppliedDocument(**one._asdict()) for one in evaluation.not_applied),
        offered=tuple(OfferedDocument(**one._asdict()) for one in evaluation.offered),
    )
    return Content(tuple(lines), tuple(_parts(found, quote_id, revision, results)), trace)


def totals_of(content: Content) -> Totals:
    """Sums of the lines."""
    costs = [None if line.unit_cost_base is None else line.unit_cost_base * line.quantity for line in content.lines]
    known = [cost for cost in costs if cost is not None]
    return Totals(
        gross=sum(line.quantity * line.unit_price for line in content.lines),
        discount=sum(line.discount for line in content.lines),
        net=sum(line.net for line in content.lines),
        net_base=sum(line.net_base for line in content.lines),
        cost_base=sum(known) if len(known) == len(costs) else None,
        approvals=tuple(sorted({str(one) for line in content.lines for one in line.approvals})),
    )


def _content(line: LineResult) -> tuple[str | int, ...]:
    """What lines are sorted by where something is left over: of two that are equal in it, it does not matter which."""
    parts = [value for part in line.parts for value in part]
    return (line.sku, line.quantity, line.unit_price, line.manual, line.net, line.discount, *parts)


def _net_bases(found: Found, results: Sequence[LineResult]) -> list[int]:
    total = found.in_base(sum(line.net for line in results))
    return spread_by_content(total, [line.net for line in results], [_content(line) for line in results])


def _line(
    found: Found, quote_id: UUID, revision: int, number: int, line: LineResult, net_base: int, *, is_gift: bool
) -> QuoteLine:
    cover = found.cover(line)
    return QuoteLine(
        quote_id=quote_id,
        revision=revision,
        line_no=number,
        sku=line.sku,
        product_line=found.articles[line.sku].product_line,
        is_gift=is_gift,
        quantity=line.quantity,
        list_price=line.list_price,
        unit_price=line.unit_price,
        discount=line.discount,
        manual_discount=line.manual,
        reason="" if is_gift else found.reasons[number - 1],
        net=line.net,
        net_base=net_base,
        floor=line.floor,
        unit_cost_base=found.articles[line.sku].cost_base,
        approvals=line.approvals,
        approval_id=cover.id if cover is not None else None,
        points_discount=line.points,
        steps=_steps(found, line, is_gift=is_gift),
    )


def _steps(found: Found, line: LineResult, *, is_gift: bool) -> tuple[StepDocument, ...]:
    steps = [StepDocument(**{**step._asdict(), "step": str(step.step)}) for step in line.steps]
    if not is_gift:
        entry = found.prices[line.sku].entry
        before, after = line.quantity * line.list_price, line.quantity * line.unit_price
        price = StepDocument(step="price", code=f"{entry.book} {entry.code}", version=0, before=before, after=after)
        steps.insert(0, price)
    return tuple(steps)


def _parts(found: Found, quote_id: UUID, revision: int, results: Sequence[LineResult]) -> list[QuotePart]:
    """What of its budget a promotion takes is converted once and spread over its lines."""
    given: dict[str, list[tuple[int, LineResult, int]]] = {}
    for number, line in enumerate(results, 1):
        for part in line.parts:
            given.setdefault(part.code, []).append((number, line, part.amount))
    used = {one.code: one for one in found.evaluation.used}
    rows = []
    for code, parts in given.items():
        weights, contents = [amount for _no, _line, amount in parts], [_content(line) for _no, line, _amount in parts]
        if len(parts) == 1:  # also of a gift whose list price is nothing
            weights = [1]
        bases = spread_by_content(used[code].budget_base, weights, contents)
        rows += [
            QuotePart(
                quote_id=quote_id,
                revision=revision,
                line_no=number,
                promotion_id=found.promotion_ids[code],
                code=code,
                promotion_version=used[code].version,
                discount=amount,
                discount_base=base,
            )
            for (number, _line, amount), base in zip(parts, bases, strict=True)
        ]
    return sorted(rows, key=lambda row: (row.line_no, row.code))


def _check_amounts(found: Found, results: Sequence[LineResult]) -> None:
    """Raises AmountOverflow where an amount of a line, or of all, is larger than any may be."""
    faults = []
    for number, line in enumerate(found.evaluation.lines):
        cost = (found.articles[line.sku].cost_base or 0) * line.quantity
        if max(line.floor, cost, found.in_base(line.quantity * line.unit_price)) > MAX_AMOUNT:
            faults.append(f"/lines/{number}/quantity")
    gross = sum(line.quantity * line.unit_price for line in results)
    costs = sum((found.articles[line.sku].cost_base or 0) * line.quantity for line in results)
    if max(gross, costs, found.in_base(gross)) > MAX_AMOUNT:
        faults.append("/lines")
    if faults:
        detail = f"more than {MAX_AMOUNT}"
        raise AmountOverflow(detail, errors=[FieldError(at, AmountOverflow.code, detail) for at in faults[:100]])
