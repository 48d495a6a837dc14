"""Pure rules of terms: whether an order is what was quoted, what it takes, what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.money import convert, ratio
from kit.redirects import Groups
from services.channels.events_in.customer import OrderPlacedHeard
from services.channels.promotions.enums import PromotionKind, PromotionState
from services.channels.promotions.models import Promotion
from services.channels.quotes.enums import QuoteState
from services.channels.quotes.models import Quote, QuoteLine, QuotePart, Whole
from services.channels.quotes.rules import spread_by_content
from services.channels.terms.enums import Refusal
from services.channels.terms.models import TermsPart

_NO_OFFER = (QuoteState.PENDING_APPROVAL, QuoteState.REJECTED, QuoteState.WITHDRAWN)


class Refused(NamedTuple):
    """Why terms do not hold; `detail` says more where there is more to say."""

    reason: Refusal
    detail: str | None = None
    line_no: int | None = None


class Taken(NamedTuple):
    """What an order takes of a promotion by a line of `quantity` pieces, in base currency."""

    line_no: int
    promotion_id: UUID
    quantity: int
    amount_base: int


class Usage(NamedTuple):
    """What has been given of a promotion so far: money (base currency), uses, uses of the account."""

    money: int
    uses: int
    of_account: int


def is_in_time(quote: Quote, order: OrderPlacedHeard, placed_on: date) -> bool:
    """Whether an order names a quote before it ends, by its own date and by the day of its placement."""
    return max(order.order_date, placed_on) <= quote.valid_until


def may_claim(quote: Quote, order: OrderPlacedHeard, placed_on: date, groups: Groups) -> bool:
    """Whether a quote that is free becomes the order's, whatever else is decided of the placement."""
    is_free = quote.order_id is None and quote.state is QuoteState.ISSUED
    is_theirs = groups.root(quote.account_id) == groups.root(order.account_id)
    return is_free and is_theirs and is_in_time(quote, order, placed_on)


def check_quote(whole: Whole | None, order: OrderPlacedHeard, placed_on: date, groups: Groups) -> Refused | None:
    """Whether the order is what was quoted, to it or to what is one with its account by a merge; a quote that was named
    in time stays in time for its order."""
    if whole is None or whole.quote.state in _NO_OFFER:
        return Refused(Refusal.QUOTE_UNKNOWN)
    quote = whole.quote
    if quote.order_id not in (None, order.id):
        return Refused(Refusal.QUOTE_CHANGED, "quote-used")
    if changed := _changed(quote, whole.lines, order, groups):
        return changed
    if quote.order_id is None and (quote.state is QuoteState.EXPIRED or not is_in_time(quote, order, placed_on)):
        return Refused(Refusal.QUOTE_EXPIRED)
    return None


def _changed(quote: Quote, lines: Sequence[QuoteLine], order: OrderPlacedHeard, groups: Groups) -> Refused | None:
    differs = {
        "account": groups.root(quote.account_id) != groups.root(order.account_id),
        "currency": quote.currency != order.currency,
        "partner": quote.partner_id != order.partner_id,
        "channel": order.channel_id is not None and quote.channel_id != order.channel_id,
        "payment-terms": order.payment_terms_days > quote.payment_terms_days,
    }
    for detail in (name for name, is_other in differs.items() if is_other):
        return Refused(Refusal.QUOTE_CHANGED, detail)
    quoted = {line.line_no: (line.sku, line.quantity, line.unit_price, line.discount) for line in lines}
    ordered = {line.line_no: (line.sku, line.quantity, line.unit_price, line.discount) for line in order.lines}
    for number in sorted(quoted.keys() | ordered.keys()):
        if quoted.get(number) != ordered.get(number):
            return Refused(Refusal.QUOTE_CHANGED, "line", number)
    return None


def taken_by(whole: Whole, order: OrderPlacedHeard) -> list[Taken]:
    """What the order takes of promotions, at its own rate: of each converted once and spread over its lines. A gift
    costs what it costs."""
    lines = {line.line_no: line for line in whole.lines}
    if order.exchange_rate == whole.quote.exchange_rate:
        return [_taken(part, lines, part.discount_base) for part in whole.parts]
    found = [_taken(part, lines, part.discount_base) for part in whole.parts if lines[part.line_no].is_gift]
    rest: dict[UUID, list[QuotePart]] = {}
    for part in whole.parts:
        if not lines[part.line_no].is_gift:
            rest.setdefault(part.promotion_id, []).append(part)
    for parts in rest.values():
        weights = [part.discount for part in parts]
        total = convert(sum(weights), order.currency, order.exchange_rate, order.base_currency) if sum(weights) else 0
        contents = [_content(lines[part.line_no], part) for part in parts]
        amounts = spread_by_content(total, weights, contents)
        found += [_taken(part, lines, amount) for part, amount in zip(parts, amounts, strict=True)]
    return sorted(found, key=lambda one: (one.line_no, one.promotion_id))


def _content(line: QuoteLine, part: QuotePart) -> tuple[str | int, ...]:
    return (line.sku, line.quantity, line.unit_price, line.net, part.discount)


def _taken(part: QuotePart, lines: Mapping[int, QuoteLine], amount: int) -> Taken:
    return Taken(part.line_no, part.promotion_id, lines[part.line_no].quantity, amount)


def per_promotion(taken: Iterable[Taken]) -> dict[UUID, int]:
    """Amounts by promotion, in the order of their ids."""
    sums: dict[UUID, int] = {}
    for one in taken:
        sums[one.promotion_id] = sums.get(one.promotion_id, 0) + one.amount_base
    return dict(sorted(sums.items(), key=lambda item: item[0]))


def check_ended(amounts: Iterable[UUID], promotions: Mapping[UUID, Promotion]) -> Refused | None:
    """Whether no promotion has ended without honour."""
    rows = [promotions[one] for one in amounts]
    is_over = any(row.state is PromotionState.ENDED and not row.honour for row in rows)
    return Refused(Refusal.PROMOTION_ENDED) if is_over else None


def check_promotions(
    amounts: Mapping[UUID, int],
    promotions: Mapping[UUID, Promotion],
    used: Mapping[UUID, Usage],
    *,
    keeps_an_order: bool,
) -> Refused | None:
    """Whether every promotion that stands still gives what the order takes of it, one use of each: all or nothing."""
    found = [(promotions[one], amount, used[one]) for one, amount in amounts.items()]
    for row, _amount, usage in found:
        is_first = row.kind is PromotionKind.FIRST_ORDER
        per_account = 1 if is_first else row.uses_per_account
        is_spent = row.uses is not None and usage.uses >= row.uses
        if is_spent or (per_account is not None and usage.of_account >= per_account) or (is_first and keeps_an_order):
            return Refused(Refusal.USES_EXHAUSTED)
    return Refused(Refusal.BUDGET_EXHAUSTED) if over_budget(amounts, promotions, used) else None


def over_budget(
    amounts: Mapping[UUID, int], promotions: Mapping[UUID, Promotion], used: Mapping[UUID, Usage]
) -> dict[UUID, int]:
    """Promotions whose budget has no room for what the order takes of them, and what is left of it."""
    found = {}
    for one, amount in amounts.items():
        budget = promotions[one].budget_base
        if budget is not None and used[one].money + amount > budget:
            found[one] = budget - used[one].money
    return found


def back_of(part: TermsPart, returned: int) -> int:
    """What of a part is to come back now that `returned` pieces of its line have come back in all: its share, less
    what came back before.

    >>> part = TermsPart(reservation_id=UUID(int=1), line_no=1, promotion_id=UUID(int=2), quantity=3, amount_base=1000)
    >>> back_of(part, 1), back_of(part.model_copy(update={"returned_base": 333}), 2)
    (333, 334)
    """
    return max(0, ratio(part.amount_base, min(returned, part.quantity), part.quantity) - part.returned_base)
