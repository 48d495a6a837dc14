"""What commands make of an order, on rows alone: drafted, filled in, placed, paid, answered. Nothing waits here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import orjson

from kit import clock
from kit.clock import business_date
from kit.errors import FieldError, Forbidden, Invalid
from kit.money import SHARE_WHOLE
from kit.records import fresh
from kit.settings import ServiceSettings
from kit.transitions import next_state
from kit.work import Work
from services.customer.accounts.regions import clean_region
from services.customer.accounts.rules import AccountArchived, check_customer_type
from services.customer.orders.enums import RETURNABLE, CheckKind, CheckState, OrderState, PricePolicy
from services.customer.orders.models import Buyer, Order, OrderCheck, OrderLine, OrderPromotion, OrderSplit, ShownOrder
from services.customer.orders.references import References
from services.customer.orders.rules import (
    AMOUNTS,
    DEFAULT_TERMS_DAYS,
    EARLIEST,
    MOVES,
    Amounts,
    LineInput,
    OrderOpen,
    check_promoted,
    check_split,
    discounts_base,
    has_given_date,
    margin_of,
    price_order,
    promoted_base,
)
from services.customer.orders.schemas import OrderContent, OrderCreate, OrderLineCreate
from services.customer.orders.settling import booking
from services.customer.settings import Settings

LATER = ("contact_id", "channel_id", "deal_id", "quote_id", "contract_id", "points")
"""Fields that bodies of the first releases had not: unsaid, they change no hash."""
NO_BASE: dict[str, Any] = {name: 0 for name in AMOUNTS if name.endswith("_base")}


class TotalMismatch(Invalid):
    """The client's total is not the server's."""

    code, title = "total-mismatch", "The total differs from the sum of the lines"


def check_date(work: Work, day: date, pointer: str = "/order_date") -> None:
    """Business dates are today, or earlier with `orders:backdate` (Forbidden); never in the future, nor before 1970
    (Invalid)."""
    if day > work.today:
        detail = f"{day} lies after today, {work.today}"
        raise Invalid(detail, errors=[FieldError(pointer, "future-date", detail)])
    if day < EARLIEST:
        raise Invalid("a day too long ago", errors=[FieldError(pointer, "early-date", f"{day} lies before {EARLIEST}")])
    if day < work.today and not work.actor.may("orders:backdate"):
        raise Forbidden("past dates need the permission orders:backdate")


def content_hash(content: OrderContent) -> str:
    """Hash of what the body of an order says, to see that it was sent before: without days to pay it says 30."""
    unsaid = {"place", "total", "external_id"} | {name for name in LATER if getattr(content, name) is None}
    if not content.promotions:
        unsaid.add("promotions")
    said = content.model_dump(exclude=unsaid)
    if content.payment_terms_days is None:
        said["payment_terms_days"] = DEFAULT_TERMS_DAYS
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def order_number(day: date, number: int) -> str:
    """SO-<year of the order date>-<number of the sequence>."""
    return f"SO-{day.year}-{number:06d}"


def new_draft(work: Work, buyer: Buyer, data: OrderCreate, refs: References) -> Order:
    """A draft of a body, numbered when the buyer brings a number; raises AccountArchived and what `refilled` raises."""
    if buyer.archived_at is not None:
        raise AccountArchived()
    begun = fresh()
    _check_type(work, buyer.id, data, refs)
    content = _filled(work, begun["id"], buyer.id, buyer.owner_id, data, refs, None)
    return Order(
        **begun,
        **content,
        **NO_BASE,
        number=order_number(content["order_date"], buyer.next_number),
        stream_key=buyer.stream_key,
        account_id=buyer.id,
        owner_id=buyer.owner_id,
        state=OrderState.DRAFT,
        placement=0,
        base_currency=work.base_currency,
        paid=0,
        paid_base=0,
        external_source=data.external_id.source if data.external_id else None,
        external_id=data.external_id.id if data.external_id else None,
        content_hash=content_hash(data),
        account_owner_id=buyer.owner_id,
        account_region=buyer.region,
        account_archived_at=buyer.archived_at,
        account_root_id=buyer.root_id,
        account_seen_by=buyer.seen_by,
    )


def refilled(work: Work, before: Order, content: OrderContent, refs: References) -> Order:
    """The draft with other content, priced in its own currency.

    Raises AccountArchived, Invalid, Forbidden, UnknownReference, SellerLeft, CreditSplitInvalid, CustomerTypeMismatch,
    OrderLineRefused, TotalMismatch.
    """
    if before.account_archived_at is not None:
        raise AccountArchived()
    _check_type(work, before.account_id, content, refs)
    return before.model_copy(
        update=_filled(work, before.id, before.account_id, before.account_owner_id, content, refs, before)
    )


def _check_type(work: Work, account_id: UUID, content: OrderContent, refs: References) -> None:
    """Raises CustomerTypeMismatch: the type is the server's, of the day that the order would have now."""
    if content.customer_type is not None:
        check_customer_type(content.customer_type, refs.customer_type(account_id, content.order_date or work.today))


def is_dated(work: Work, order: Order) -> bool:
    """Whether somebody chose the date of the order."""
    return has_given_date(order.is_dated, order.order_date, business_date(work.settings.timezone, order.created_at))


def _dating(work: Work, given: date | None, before: Order | None) -> dict[str, Any]:
    """The date of a draft: one that is newly given must be allowed; without one it shows the day of that decision."""
    if before is not None and given == (before.order_date if is_dated(work, before) else None):
        return {"order_date": before.order_date, "is_dated": before.is_dated}
    if given is not None:
        check_date(work, given)
    return {"order_date": given or work.today, "is_dated": given is not None}


def _filled(
    work: Work,
    order_id: UUID,
    account_id: UUID,
    owner_id: UUID | None,
    content: OrderContent,
    refs: References,
    before: Order | None,
) -> dict[str, Any]:
    """What the content decides of an order, as columns and parts."""
    shares = [(credit.member_id, credit.share) for credit in content.credits]
    is_split, day = bool(shares), content.order_date or work.today
    if not shares and owner_id is not None:
        shares = [(refs.credited(owner_id, day), SHARE_WHOLE)]
    check_split([(str(seller), share) for seller, share in shares], len(content.lines))
    sellers = [seller for seller, _ in shares]
    refs.check([line.sku for line in content.lines], sellers, content.partner_id, content.channel_id)
    if before is None or content.contact_id != before.contact_id:
        refs.check_contact(content.contact_id, account_id)
    if is_split:
        refs.check_there(sellers, day)
    promotions = _promoted(content, refs, before)
    inputs = _inputs(content.lines)
    priced = price_order(inputs, content.currency, "1", content.currency)
    if content.total not in (None, priced.total.gross):
        detail = f"the lines sum to {priced.total.gross}"
        raise TotalMismatch(detail, errors=[FieldError("/total", TotalMismatch.code, detail)])
    splits = [
        OrderSplit(order_id=order_id, member_id=seller, position=position, share=share)
        for position, (seller, share) in enumerate(shares, 1)
    ]
    return {
        "currency": content.currency,
        **_dating(work, content.order_date, before),
        "is_split": is_split,
        "partner_id": content.partner_id,
        "region": content.region if before and content.region == before.region else clean_region(None, content.region),
        "payment_terms_days": _days_to_pay(account_id, content, refs),
        **{name: getattr(content, name) for name in LATER},
        "promotions": promotions,
        "net": priced.total.net,
        "tax": priced.total.tax,
        "gross": priced.total.gross,
        "lines": tuple(
            _drafted(order_id, refs.products[line.sku][0], item, amounts)
            for item, line, amounts in zip(inputs, content.lines, priced.lines, strict=True)
        ),
        "credits": tuple(splits),
    }


def _promoted(content: OrderContent, refs: References, before: Order | None) -> tuple[OrderPromotion, ...]:
    """Promotions of the content, not priced yet. Those that are newly named without a quote must be known: what a quote
    has, channels knows."""
    parts = [(one.promotion_id, one.line_no, one.discount) for one in content.promotions]
    check_promoted(parts, {number: line.discount for number, line in enumerate(content.lines, 1)})
    if content.quote_id is None:
        had = {one.promotion_id for one in before.promotions} if before else frozenset()
        refs.check_promotions([one.promotion_id for one in content.promotions], had)
    return tuple(OrderPromotion(**one.model_dump()) for one in content.promotions)


def _drafted(order_id: UUID, sku: str, item: LineInput, amounts: Amounts) -> OrderLine:
    return OrderLine(
        order_id=order_id,
        line_no=item.number,
        sku=sku,
        quantity=item.quantity,
        returned=0,
        unit_price=item.unit_price,
        discount=item.discount,
        tax_rate=item.tax_rate,
        **{**amounts.named(), **NO_BASE},
    )


def _days_to_pay(account_id: UUID, content: OrderContent, refs: References) -> int:
    """What the content says, else what the account has; of a quote not more than ever, for it may allow no more."""
    if content.payment_terms_days is not None:
        return int(content.payment_terms_days)
    days = refs.terms_days(account_id)
    return days if content.quote_id is None else min(days, DEFAULT_TERMS_DAYS)


def _inputs(lines: Sequence[OrderLineCreate | OrderLine]) -> list[LineInput]:
    return [
        LineInput(number, line.quantity, line.unit_price, line.discount, line.tax_rate)
        for number, line in enumerate(lines, 1)
    ]


def next_version(order: Order, **changes: Any) -> Order:
    """The order after a change, with its next version; values are of the types of the row."""
    return order.model_copy(update={**changes, "version": order.version + 1, "updated_at": clock.now()})


def policy_of(settings: ServiceSettings) -> PricePolicy:
    """How the company holds it with prices of orders without a quote."""
    return PricePolicy(settings.price_policy) if isinstance(settings, Settings) else PricePolicy.FREE


def has_terms(order: Order) -> bool:
    """Whether the order takes something that channels gives."""
    return order.quote_id is not None or bool(order.promotions) or bool(order.points)


def checks_of(*, has_terms: bool, policy: PricePolicy) -> tuple[CheckKind, ...]:
    """What a placement is checked for: terms where there are any, or where every price is looked at."""
    has_terms = has_terms or policy is PricePolicy.ENFORCED
    return (CheckKind.CREDIT, CheckKind.TERMS) if has_terms else (CheckKind.CREDIT,)


def placed(work: Work, order: Order, refs: References) -> Order:
    """The order asking for its checks: the next placement, with product lines, exchange rate and base amounts fixed;
    the region is the account's unless given, the customer type follows from its orders. Version and number stay.

    The order date is the business day of this placement, unless one was given: that must be allowed to who places.
    The account's owner is credited (of one who has left, who leads where they were last), unless credits were entered.
    Raises StateConflict, AccountArchived, Forbidden, UnknownReference, SellerLeft, NoExchangeRate, AmountOverflow,
    AmountVanishes.
    """
    state = next_state("order", MOVES, "place", order.state)
    if order.account_archived_at is not None:
        raise AccountArchived()
    dated = is_dated(work, order)
    day = order.order_date if dated else work.today
    check_date(work, day)
    credits = _credited(order, refs, day)
    sellers = [split.member_id for split in credits]
    refs.check([line.sku for line in order.lines], sellers, order.partner_id, order.channel_id)
    if order.is_split is not False:
        refs.check_there(sellers, day)
    rate = refs.rate(order.currency, order.base_currency, day)
    priced = price_order(_inputs(order.lines), order.currency, rate, order.base_currency, order.id)
    lines = _fixed_lines(order, refs, day, rate, priced.lines)
    placement, policy = order.placement + 1, policy_of(work.settings)
    asked = [
        OrderCheck(order_id=order.id, placement=placement, kind=kind, state=CheckState.PENDING)
        for kind in checks_of(has_terms=has_terms(order), policy=policy)
    ]
    changes = {
        **priced.total.named(),
        "lines": tuple(lines),
        "promotions": _priced(order, rate),
        "credits": credits,
        "owner_id": order.account_owner_id,
        "state": state,
        "placement": placement,
        "order_date": day,
        "is_dated": dated,
        "price_policy": policy,
        "exchange_rate": rate,
        "region": order.region or order.account_region,
        "customer_type": refs.customer_type(order.account_id, day),
        "placed_at": clock.now(),
        "placed_by": work.actor.subject,
        "is_first_order": refs.is_first(order.account_id),
        "checks": (*order.checks, *asked),
    }
    return order.model_copy(update=changes)


def _credited(order: Order, refs: References, day: date) -> tuple[OrderSplit, ...]:
    if order.is_split is not False or order.account_owner_id is None:
        return order.credits
    seller = refs.credited(order.account_owner_id, day)
    return (OrderSplit(order_id=order.id, member_id=seller, position=1, share=SHARE_WHOLE),)


def _priced(order: Order, rate: str) -> tuple[OrderPromotion, ...]:
    parts = [(one.promotion_id, one.line_no, one.discount) for one in order.promotions]
    amounts = promoted_base(parts, order.currency, rate, order.base_currency, order.id)
    return tuple(_given(one, amount) for one, amount in zip(order.promotions, amounts, strict=True))


def _given(part: OrderPromotion, discount_base: int) -> OrderPromotion:
    return part.model_copy(update={"discount_base": discount_base})


def _fixed(
    line: OrderLine, refs: References, day: date, amounts: Amounts, list_price: int | None, taken: int
) -> OrderLine:
    cost = refs.unit_cost(line.sku, day)
    margin = margin_of(amounts.net_base, line.quantity, cost)
    fixed = {"product_line": refs.line(line.sku), "unit_cost_base": None if margin is None else cost}
    told = {"margin_base": margin, "list_price": list_price, "discount_base": taken}
    return line.model_copy(update={**fixed, **told, **amounts.named()})


def _fixed_lines(order: Order, refs: References, day: date, rate: str, priced: Sequence[Amounts]) -> list[OrderLine]:
    discounts = {line.line_no: line.discount for line in order.lines}
    taken = discounts_base(discounts, order.currency, rate, order.base_currency, order.id)
    prices = [refs.list_price(order.quote_id, order.currency, line.line_no, line.sku) for line in order.lines]
    return [
        _fixed(line, refs, day, amounts, price, taken[line.line_no])
        for line, amounts, price in zip(order.lines, priced, prices, strict=True)
    ]


def due_on(order: Order) -> date:
    """The last day on which it is paid in time."""
    return order.order_date + timedelta(days=order.payment_terms_days)


def freed(order: Order) -> Order:
    """The order without its external id, which others may have then; it stays the former one of this order."""
    return order.model_copy(
        update={
            "external_source": None,
            "external_id": None,
            "former_external_source": order.external_source or order.former_external_source,
            "former_external_id": order.external_id or order.former_external_id,
        }
    )


def owed(order: Order) -> int:
    """What is open of a confirmed order, in its currency; 0 where too much was paid."""
    return max(0, order.gross - order.returned - order.paid)


def check_settled(order: Order) -> None:
    """Raises OrderOpen while something is owed; what was paid too much can still go back of a closed order."""
    if left := owed(order):
        raise OrderOpen(f"{left} of order {order.number} is open")


def without_costs(order: Order) -> Order:
    """The order for who may not know what things cost."""
    return order.model_copy(update={"lines": tuple(_without_cost(line) for line in order.lines)})


def _without_cost(line: OrderLine) -> OrderLine:
    return line.model_copy(update={"unit_cost_base": None, "margin_base": None})


def as_of(today: date, order: Order) -> ShownOrder:
    """The order as it is seen on a business day. Nothing is owed before it is confirmed; it is overdue from the day
    after it was due, while something is open."""
    left = owed(order) if order.state in RETURNABLE else 0
    due = due_on(order)
    late = max(order.paid_late, (today - due).days if left else 0)
    shown = {"open_amount": left, "due_on": due, "is_overdue": left > 0 and due < today, "days_late": late}
    return ShownOrder.model_construct(None, **shown, **order.__dict__)


def paid(order: Order, amount: int) -> Order:
    """The order after `amount` was paid, or taken back when negative; what is booked for it is the difference of
    `paid_base`."""
    return next_version(order, paid=order.paid + amount, paid_base=order.paid_base + booking(order, amount))
