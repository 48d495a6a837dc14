"""Pure rules of orders: prices of lines, base amounts, cumulative returns, states, credit splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid, StateConflict
from kit.money import MAX_AMOUNT, SHARE_WHOLE, allocate, convert, lots, ratio
from kit.transitions import Move, Moves
from services.customer.exchange_rates.rules import check_rate
from services.customer.orders.enums import DECIDING, AnswerKind, CheckKind, CheckState, Decision, OrderState

MAX_CREDIT_PARTS = 500
"""Most lines times credited sellers of an order: `targets.order.credited.v1` stays below MAX_EVENT_BYTES."""

MOVES: Moves[OrderState] = {
    "change": Move((OrderState.DRAFT,), OrderState.DRAFT),
    "revise": Move((OrderState.ON_HOLD,), OrderState.PLACED),
    "place": Move((OrderState.DRAFT, OrderState.ON_HOLD), OrderState.PLACED),
    "confirm": Move((OrderState.PLACED, OrderState.ON_HOLD), OrderState.CONFIRMED),
    "hold": Move((OrderState.PLACED,), OrderState.ON_HOLD),
    "fulfil": Move((OrderState.CONFIRMED,), OrderState.FULFILLED),
    "close": Move((OrderState.FULFILLED,), OrderState.CLOSED),
    "reopen": Move((OrderState.CLOSED,), OrderState.FULFILLED),
    "cancel": Move((OrderState.DRAFT, OrderState.PLACED, OrderState.ON_HOLD), OrderState.CANCELLED),
}
"""What commands, answers to a placement, and payments that bounce (`reopen`) do to an order; `revise` changes one on
hold, and places it again."""
MAX_PROMOTED = 500
"""Most pairs of a line and a promotion of an order: all of them are in each of its events."""
EARLIEST = date(1970, 1, 1)
"""Nothing that anybody still books was sold, paid or given back before."""
DEFAULT_TERMS_DAYS = 30
"""Days to pay of an order that says none, of an account of which risk said none."""


class OrderOpen(Conflict):
    """Something of the order is still owed."""

    code, title = "order-open", "Something of the order is still open"


class OrderLineRefused(Invalid, ValueError):
    """A line has a field outside its range; `line` is the line's number."""

    code, title = "order-line-invalid", "A line of the order is not valid"

    def __init__(self, line: int, field: str, detail: str, *, index: int) -> None:
        super().__init__(f"line {line}: {detail}", errors=[FieldError(f"/lines/{index}/{field}", self.code, detail)])
        self.line, self.field = line, field


class AmountOverflow(OrderLineRefused):
    """An amount of the line, or the total up to it, passes 10^13 minor units."""

    code, title = "amount-overflow", "An amount of the order is too large"


class AmountVanishes(Invalid, ValueError):
    """An order of something would be worth nothing in the base currency, and weigh nothing on any limit."""

    code, title = "amount-vanishes", "The order is worth less than the smallest amount of the base currency"


class CreditSplitInvalid(Invalid, ValueError):
    """The credited shares are not positive, name a seller twice, or do not sum to 100 %."""

    code, title = "credit-split-invalid", "The credit split is not valid"


class PromotionsInvalid(Invalid, ValueError):
    """A promotion names no line, a line twice, or more than the discount of the line."""

    code, title = "order-promotions-invalid", "The promotions do not fit the lines of the order"


class TooManyPromoted(Invalid):
    """An event of the order would not hold them."""

    code, title = "too-many-parts", f"More than {MAX_PROMOTED} pairs of a line and a promotion"


class LineInput(NamedTuple):
    """One line as ordered: `unit_price` and `discount` (of the whole line) in minor units, `tax_rate` in 1e-6."""

    number: int
    quantity: int
    unit_price: int
    discount: int = 0
    tax_rate: int = 0


class Amounts(NamedTuple):
    """Minor units in the order's currency and in the base currency; gross is net + tax in both."""

    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int

    def named(self) -> dict[str, Any]:
        """The amounts by their names."""
        return self._asdict()


AMOUNTS = Amounts._fields
"""Names of the amounts of orders, lines and returns."""


class PricedOrder(NamedTuple):
    """Amounts of each line, in the order given, and their totals."""

    lines: tuple[Amounts, ...]
    total: Amounts


def price_order(
    lines: Sequence[LineInput], currency: str, rate: str, base_currency: str, order: object = ""
) -> PricedOrder:
    """Price the lines and carry the total into the base currency.

    `rate` = base units per unit of `currency`. tax = net x tax_rate, half-even per line. The order's
    gross is converted once (half-even), divided into net and tax, and each is spread over the lines by
    largest remainder, so every column of the lines sums to its total; ties go by a lot that is drawn per
    `order` (its id), so no place among the lines is better than another.
    Raises OrderLineRefused, AmountOverflow, AmountVanishes, ExchangeRateInvalid.
    """
    check_rate(rate, currency, base_currency)
    if len({line.number for line in lines}) != len(lines):
        raise Invalid("line numbers must be unique", errors=[FieldError("/lines", "duplicate", "line number twice")])
    net = [_line_net(line, index) for index, line in enumerate(lines)]
    tax = [ratio(amount, line.tax_rate, SHARE_WHOLE) for amount, line in zip(net, lines, strict=True)]
    gross = [a + b for a, b in zip(net, tax, strict=True)]
    _check_range(lines, gross)
    gross_base = convert(sum(gross), currency, rate, base_currency) if gross else 0
    if sum(gross) and not gross_base:
        detail = f"{sum(gross)} minor units of {currency} at {rate} round to nothing in {base_currency}"
        raise AmountVanishes(detail, errors=[FieldError("/lines", AmountVanishes.code, detail)])
    net_base, tax_base = net, tax
    if currency != base_currency:
        numbers = [line.number for line in lines]
        net_total, tax_total = _spread(gross_base, [sum(net), sum(tax)], order, "gross", ("net", "tax"))
        net_base = _spread(net_total, net, order, "net_base", numbers)
        tax_base = _spread(tax_total, tax, order, "tax_base", numbers)
    base = [a + b for a, b in zip(net_base, tax_base, strict=True)]
    _check_range(lines, base)
    columns = (net, tax, gross, net_base, tax_base, base)
    rows = zip(*columns, strict=True)
    return PricedOrder(tuple(Amounts(*row) for row in rows), Amounts(*map(sum, columns)))


def check_promoted(parts: Sequence[tuple[UUID, int, int]], discounts: Mapping[int, int]) -> None:
    """Refuse (promotion, line, discount) that name no line or a pair twice, or take more of a line than its discount
    is; `discounts` by number of the line. Raises PromotionsInvalid, TooManyPromoted."""
    if len(parts) > MAX_PROMOTED:
        detail = f"{len(parts)} pairs pass {MAX_PROMOTED}"
        raise TooManyPromoted(detail, errors=[FieldError("/promotions", TooManyPromoted.code, detail)])
    left, pairs = dict(discounts), set[tuple[UUID, int]]()
    for index, (promotion_id, line_no, discount) in enumerate(parts):
        if line_no not in left:
            raise _misfit(index, "line_no", f"the order has no line {line_no}")
        if (promotion_id, line_no) in pairs:
            raise _misfit(index, "promotion_id", f"promotion {promotion_id} is named twice for line {line_no}")
        pairs.add((promotion_id, line_no))
        if discount > left[line_no]:
            raise _misfit(index, "discount", f"line {line_no} has a discount of {discounts[line_no]} in all")
        left[line_no] -= discount


def promoted_base(
    parts: Sequence[tuple[UUID, int, int]], currency: str, rate: str, base_currency: str, order: object
) -> list[int]:
    """What (promotion, line, discount) are in base currency: of each promotion the sum is converted once and spread
    over its lines, ties by lots that are drawn per `order`."""
    amounts = [0] * len(parts)
    by_promotion: dict[UUID, list[int]] = {}
    for index, (promotion_id, _line_no, _discount) in enumerate(parts):
        by_promotion.setdefault(promotion_id, []).append(index)
    for promotion_id, indexes in by_promotion.items():
        weights = [parts[index][2] for index in indexes]
        if not sum(weights):
            continue
        total = convert(sum(weights), currency, rate, base_currency)
        numbers = [parts[index][1] for index in indexes]
        spread = _spread(total, weights, order, f"promotion:{promotion_id}", numbers)
        for index, amount in zip(indexes, spread, strict=True):
            amounts[index] = amount
    return amounts


def discounts_base(
    discounts: Mapping[int, int], currency: str, rate: str, base_currency: str, order: object
) -> dict[int, int]:
    """What the discounts of lines, by their numbers, are in base currency: their sum is converted once and spread, ties
    by lots that are drawn per `order`. Raises AmountOverflow.

    >>> discounts_base({1: 30, 2: 0, 3: 10}, "CNY", "0.1", "USD", "x")
    {1: 3, 2: 0, 3: 1}
    """
    if not sum(discounts.values()):
        return dict(discounts)
    total = convert(sum(discounts.values()), currency, rate, base_currency)
    if total > MAX_AMOUNT:
        raise AmountOverflow(next(iter(discounts)), "discount", f"the order's discounts pass {MAX_AMOUNT}", index=0)
    amounts = _spread(total, list(discounts.values()), order, "discount_base", list(discounts))
    return dict(zip(discounts, amounts, strict=True))


def margin_of(net_base: int, quantity: int, unit_cost_base: int | None) -> int | None:
    """What is left of a line's net once its pieces are paid for; None where the cost is not known, or is no amount.

    >>> margin_of(411, 3, 100), margin_of(411, 3, None)
    (111, None)
    """
    if unit_cost_base is None or quantity * unit_cost_base > MAX_AMOUNT:
        return None
    return net_base - quantity * unit_cost_base


def decide_answer(
    state: OrderState, checks: Mapping[CheckKind, CheckState], kind: CheckKind, answer: AnswerKind, decision: Decision
) -> tuple[CheckState, OrderState] | None:
    """What an answer makes of its check and of the order; None when it no longer counts.

    `checks` are those of the current placement; answers to another one never come here. A check is answered once,
    whatever comes twice or late, but for two things: an officer's override passes credit that was refused, and what
    was reserved may be taken back while the order is on hold. An order is confirmed, also from hold, when all its
    checks have passed. Whoever sent an answer that does not count frees what it holds.
    """
    before = checks.get(kind)
    if before is None or state not in DECIDING:
        return None
    if answer is AnswerKind.RELEASED:
        is_held = state is OrderState.ON_HOLD and before in (CheckState.PENDING, CheckState.PASSED)
        return (CheckState.DROPPED, state) if kind is CheckKind.TERMS and is_held else None
    is_overridden = (
        kind is CheckKind.CREDIT
        and before is CheckState.REFUSED
        and answer is AnswerKind.RESERVED
        and decision is Decision.OVERRIDE
    )
    if before is not CheckState.PENDING and not is_overridden:
        return None
    if answer is AnswerKind.REFUSED:
        return CheckState.REFUSED, OrderState.ON_HOLD
    others = {other for one, other in checks.items() if one is not kind}
    return CheckState.PASSED, OrderState.CONFIRMED if others <= {CheckState.PASSED} else state


def has_given_date(is_dated: bool | None, order_date: date, created_on: date) -> bool:
    """Whether somebody chose the date of an order that was made on the business day `created_on`.

    0.1.0 did not keep that: what it wrote (None) has a given date if that is another day than the one it was made on.
    """
    return order_date != created_on if is_dated is None else is_dated


def check_changeable(state: OrderState) -> None:
    """Raises StateConflict for an order whose content stands."""
    sources = (*MOVES["change"].sources, *MOVES["revise"].sources)
    if state not in sources:
        raise StateConflict("order", "change", state, sources)


def check_split(credits: Sequence[tuple[str, int]], lines: int = 1) -> None:
    """Refuse (seller, share in 1e-6) pairs that repeat, are not positive, or miss 1,000,000 (CreditSplitInvalid).

    Lines times sellers are bounded: crediting writes one part for each, and all of an order are one event.
    """
    if lines * len(credits) > MAX_CREDIT_PARTS:
        raise _split_error("/credits", f"{lines} lines x {len(credits)} sellers pass {MAX_CREDIT_PARTS}")
    sellers: set[str] = set()
    for index, (seller, share) in enumerate(credits):
        if share <= 0:
            raise _split_error(f"/credits/{index}/share", f"the share of {seller} must be positive")
        if seller in sellers:
            raise _split_error(f"/credits/{index}/member_id", f"seller {seller} is named twice")
        sellers.add(seller)
    if not credits:
        raise _split_error("/credits", "nobody is credited: the account has no owner, so name who sells")
    whole = sum(share for _, share in credits)
    if whole != SHARE_WHOLE:
        raise _split_error("/credits", f"shares sum to {whole}, not {SHARE_WHOLE}")


def _misfit(index: int, field: str, detail: str) -> PromotionsInvalid:
    pointer = f"/promotions/{index}/{field}"
    return PromotionsInvalid(detail, errors=[FieldError(pointer, PromotionsInvalid.code, detail)])


def _split_error(pointer: str, detail: str) -> CreditSplitInvalid:
    return CreditSplitInvalid(detail, errors=[FieldError(pointer, CreditSplitInvalid.code, detail)])


def _line_net(line: LineInput, index: int) -> int:
    value = line.quantity * line.unit_price
    if line.quantity <= 0 or line.unit_price < 0 or line.tax_rate < 0 or not 0 <= line.discount <= value:
        ranges = {"quantity": line.quantity > 0, "unit_price": line.unit_price >= 0, "tax_rate": line.tax_rate >= 0}
        field = next((name for name, holds in ranges.items() if not holds), "discount")
        raise OrderLineRefused(line.number, field, f"{field} {getattr(line, field)} is out of range", index=index)
    if value > MAX_AMOUNT:
        raise AmountOverflow(line.number, "unit_price", f"quantity x unit price passes {MAX_AMOUNT}", index=index)
    return value - line.discount


def _check_range(lines: Sequence[LineInput], amounts: Sequence[int]) -> None:
    if sum(amounts) <= MAX_AMOUNT:
        return
    running = 0
    for index, (line, amount) in enumerate(zip(lines, amounts, strict=True)):
        running += amount
        if running > MAX_AMOUNT:
            raise AmountOverflow(line.number, "unit_price", f"the order's total passes {MAX_AMOUNT}", index=index)


def _spread(total: int, weights: Sequence[int], order: object, what: str, names: Sequence[object]) -> list[int]:
    """The total by weights that are not negative, ties by lots; no lot is drawn where one has it all."""
    if sum(weights) == total:
        return list(weights)
    if sum(weight > 0 for weight in weights) == 1:
        return [total if weight else 0 for weight in weights]
    return allocate(total, weights, lots(order, what, names))
