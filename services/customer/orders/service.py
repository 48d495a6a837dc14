"""Use cases of orders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from kit.errors import FieldError, NotFound, StateConflict, Taken, UnknownReference, VersionMismatch
from kit.events.contract import same_fields
from kit.events.projections import require_filled
from kit.records import Change, Resource, record
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.events_out import (
    OrderCancelled,
    OrderClosed,
    OrderConfirmed,
    OrderFulfilled,
    OrderHeld,
    OrderPlaced,
    OrderReopened,
)
from services.customer.events_out import OrderLine as SaidLine
from services.customer.orders import repository
from services.customer.orders.changes import (
    check_settled,
    due_on,
    freed,
    is_dated,
    new_draft,
    next_version,
    placed,
    refilled,
)
from services.customer.orders.drafting import of_quote
from services.customer.orders.enums import OrderState
from services.customer.orders.models import Buyer, Order, OrderCheck, OrderLine
from services.customer.orders.references import NOTHING, References
from services.customer.orders.repository import Pair
from services.customer.orders.rules import MOVES, check_changeable
from services.customer.orders.schemas import OrderContent, OrderCreate, OrderLineCreate, OrderUpdate

OrderFact = OrderPlaced | OrderHeld | OrderConfirmed | OrderFulfilled | OrderClosed | OrderCancelled
Said = type[OrderFact]
FACTS: dict[OrderState, tuple[Said, list[str]]] = {
    OrderState.PLACED: (OrderPlaced, ["exchange_rate", "lines", "placement", "state"]),
    OrderState.ON_HOLD: (OrderHeld, ["state"]),
    OrderState.CONFIRMED: (OrderConfirmed, ["state"]),
    OrderState.FULFILLED: (OrderFulfilled, ["state"]),
    OrderState.CLOSED: (OrderClosed, ["state"]),
    OrderState.CANCELLED: (OrderCancelled, ["state"]),
}
"""The fact of each state that an order comes to, and the fields that it says have changed."""


def fact_of(order: Order, also: Collection[str] = (), **more: Any) -> OrderFact:
    """What is said of an order that has come to its state; `also` names further fields that changed."""
    kind, changed = FACTS[order.state]
    changed = sorted({*changed, *also})
    more["due_on"] = due_on(order)
    if kind is OrderPlaced:
        more["checks"] = [check.kind for check in order.asked]
    lines = [same_fields(SaidLine, line) for line in order.lines]
    return kind.of(order, changed=changed, lines=lines, **more)


def _said(one: Change[Order]) -> OrderFact | None:
    """Nobody hears of drafts, nor of a draft that is given up; a placement says who asked for it."""
    order = one.after
    if not order.placement or (one.before and one.before.state is order.state):
        return None
    if order.state is OrderState.CANCELLED:
        return fact_of(order, reason=order.cancel_reason)
    before = one.before
    return fact_of(order, [name for name in SAID if before and getattr(before, name) != getattr(order, name)])


AUDITED = (
    "number", "account_id", "state", "placement", "order_date", "payment_terms_days", "quote_id", "currency", "gross",
    "gross_base",
)  # fmt: skip
SAID = (
    "channel_id", "contract_id", "credits", "currency", "deal_id", "order_date", "partner_id", "payment_terms_days",
    "points", "promotions", "quote_id",
)  # fmt: skip
CHECKED = {"total", "customer_type"}
"""What a body may say and nobody keeps: it must be right."""
LEADS = "unit_lead"
"""The projection that says who leads a unit."""
LINE_CONTENT = set(OrderLineCreate.model_fields)
ORDERS = Resource("order", Order, _said, audited=AUDITED, owner="owner_id")


def reopening(order: Order, day: date) -> OrderReopened:
    """What is said of an order of which something is owed again."""
    lines = [same_fields(SaidLine, line) for line in order.lines]
    return OrderReopened.of(order, changed=["paid", "state"], lines=lines, business_date=day)


def audited_change(before: Order, after: Order) -> Change[Order]:
    """A change with those of its fields that the audit log keeps."""
    return Change(before, after, tuple(name for name in AUDITED if getattr(after, name) != getattr(before, name)))


def unknown_account(pointer: str) -> UnknownReference:
    """The account is unknown, or not visible to the caller."""
    return UnknownReference("no such account", errors=[FieldError(pointer, "unknown-reference", "no such account")])


async def find_by_external(work: Work, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Order ids of (source, external id), whoever owns them."""
    return await repository.find_by_external(work.tx, pairs)


async def hold_buyers(work: Work, account_ids: Collection[UUID]) -> dict[UUID, Buyer]:
    """What orders and payments need of their accounts, which nobody hands over or changes meanwhile.

    Accounts are locked before orders, here as everywhere.
    """
    return await repository.hold_buyers(work.tx, account_ids)


async def load_references(
    work: Work,
    orders: Sequence[Order | OrderContent],
    owners: Iterable[UUID | None],
    days: Iterable[tuple[UUID, date | None]],
) -> References:
    """What orders, or the bodies that become orders, refer to, and the owners of their accounts; and what those
    accounts ordered before the days of the orders (None: today).

    Raises ProjectionBuilding while an owner has left and it is not known yet who leads whom.
    """
    known_owners = {one for one in owners if one is not None}
    found = await repository.find_references(
        work.tx,
        {line.sku for order in orders for line in order.lines},
        {order.partner_id for order in orders if order.partner_id is not None},
        {credit.member_id for order in orders for credit in order.credits} | known_owners,
        {order.currency for order in orders} - {work.base_currency},
        work.base_currency,
        {(account_id, day or work.today) for account_id, day in days},
        known_owners,
        {order.channel_id for order in orders if order.channel_id is not None},
        {order.contact_id for order in orders if order.contact_id is not None},
        {one.promotion_id for order in orders for one in order.promotions},
        {order.quote_id for order in orders if order.quote_id is not None},
    )
    if found.are_over(known_owners):
        await require_filled(work.tx, [LEADS])
    return found


async def load_rates(work: Work, currencies: Collection[str]) -> References:
    """Exchange rates of currencies, and nothing else that orders refer to."""
    foreign = set(currencies) - {work.base_currency}
    if not foreign:
        return NOTHING
    return await repository.find_references(work.tx, (), (), (), foreign, work.base_currency, ())


async def create_order(work: Work, data: OrderCreate) -> Order:
    """Add a draft, placed at once on request; raises Taken, UnknownReference, what `of_quote`, `new_draft` and `placed`
    raise."""
    data = await of_quote(work, data)
    pointer = "/account_ref" if data.account_ref else "/account_id"
    account_id = await accounts.account_id_of(work, data.account_id, data.account_ref)
    buyer = await repository.hold_buyer(work.tx, account_id) if account_id else None
    if buyer is None or not (await work.scope()).sees(buyer.seen_by):
        raise unknown_account(pointer)
    refs = await load_references(work, [data], [buyer.owner_id], [(buyer.id, data.order_date)])
    order = new_draft(work, buyer, data, refs)
    if data.place:
        order = placed(work, order, refs)
    if not await repository.add_orders(work.tx, [order]) and not (
        await _free_cancelled(work, order) and await repository.add_orders(work.tx, [order])
    ):
        raise await _taken(work, order)
    await record(work, ORDERS, [Change(None, order)], action="create")
    return order


async def _free_cancelled(work: Work, order: Order) -> bool:
    """Whether the external id of a new order is free now: 0.1.0 left it to what was cancelled."""
    pair = (order.external_source or "", order.external_id or "")
    held = await repository.lock_orders(work.tx, (await repository.find_by_external(work.tx, [pair])).values())
    cancelled = [next_version(freed(one)) for one in held.values() if one.state is OrderState.CANCELLED]
    await save_orders(work, cancelled)
    return bool(cancelled)


async def _taken(work: Work, order: Order) -> Taken:
    pair = (order.external_source or "", order.external_id or "")
    holder = (await repository.find_by_external(work.tx, [pair])).get(pair)
    seen = holder and await repository.find_order(work.tx, work.visible, holder)
    return Taken("order", "external_id", seen.id if seen else None)


async def get_order(work: Work, order_id: UUID) -> Order:
    """One order; raises NotFound, also for those outside the caller's scope."""
    order = await repository.find_order(work.tx, work.visible, order_id)
    if order is None:
        raise NotFound(what="order")
    return order


async def orders_by_id(work: Work, ids: Collection[UUID]) -> dict[UUID, Order]:
    """Those of these orders that the caller may see."""
    known, scope = await repository.load_orders(work.tx, ids), await work.scope()
    return {one.id: one for one in known.values() if scope.sees(one.account_seen_by)}


async def lock_orders(work: Work, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Orders by id, locked, whoever owns them; unknown ids are missing."""
    return await repository.lock_orders(work.tx, order_ids)


async def lock_order(work: Work, order_id: UUID) -> Order:
    """One order, locked, its account held so that nobody hands it over meanwhile; raises NotFound."""
    order = await repository.lock_order(work.tx, order_id)
    if order is None or not (await work.scope()).sees(order.account_seen_by):
        raise NotFound(what="order")
    return order


async def save_orders(
    work: Work, orders: Sequence[Order], lines: Sequence[OrderLine] = (), checks: Sequence[OrderCheck] = ()
) -> None:
    """Write locked orders that carry their next version, and what changed of their lines and checks; says nothing.

    Raises VersionMismatch.
    """
    if not await repository.save_orders(work.tx, orders, lines, checks):
        raise VersionMismatch()


async def update_order(work: Work, order_id: UUID, version: Versions, data: OrderUpdate) -> Order:
    """Change a draft, or an order on hold: that is placed again at once, so that nobody confirms what they never saw.

    Raises NotFound, VersionMismatch, StateConflict and what `refilled` and `placed` raise.
    """
    before = await lock_order(work, order_id)
    version.check(before.version)
    check_changeable(before.state)
    apart = {"lines", "credits", "promotions", "customer_type"}
    said = before.model_dump(include=OrderContent.model_fields.keys() - apart)
    parts = {
        "lines": [line.model_dump(include=LINE_CONTENT) for line in before.lines],
        "credits": [split.model_dump() for split in before.credits],
        "promotions": [one.model_dump(exclude={"discount_base"}) for one in before.promotions],
    }
    if not is_dated(work, before):
        del said["order_date"]
    if before.is_split is False:
        del parts["credits"]
    former = OrderContent.model_validate({**said, **parts})
    content = OrderContent.model_validate({**said, **parts, **data.given()})
    day = (before.account_id, content.order_date)
    refs = await load_references(work, [content], [before.account_owner_id], [day])
    order = refilled(work, before, content, refs)
    if content.model_dump(exclude=CHECKED) == former.model_dump(exclude=CHECKED):
        return before
    if before.state is OrderState.ON_HOLD:
        order = placed(work, order, refs)
    order = next_version(order, content_hash="")
    await repository.replace_parts(work.tx, [order])
    await save_orders(work, [order], checks=order.asked)
    await record(work, ORDERS, [audited_change(before, order)], action="update")
    return order


async def place_order(work: Work, order_id: UUID) -> Order:
    """Ask for the checks of a draft, or again of an order on hold; raises what `placed` raises."""
    before = await lock_order(work, order_id)
    next_state("order", MOVES, "place", before.state)
    day = (before.account_id, before.order_date if is_dated(work, before) else None)
    refs = await load_references(work, [before], [before.account_owner_id], [day])
    order = next_version(placed(work, before, refs))
    if order.credits != before.credits:
        await repository.replace_parts(work.tx, [order])
    await save_orders(work, [order], order.lines, order.asked)
    await record(work, ORDERS, [audited_change(before, order)], action="place")
    return order


async def move_order(work: Work, order_id: UUID, action: str, reason: str | None = None) -> Order:
    """Cancel (the external id is free then) or fulfil; raises NotFound, StateConflict."""
    before = await lock_order(work, order_id)
    state = next_state("order", MOVES, action, before.state)
    order = next_version(before, state=state, cancel_reason=reason)
    if state is OrderState.CANCELLED:
        order = freed(order)
    await save_orders(work, [order])
    await record(work, ORDERS, [audited_change(before, order)], action=action, reason=reason or "")
    return order


async def retire_draft(work: Work, order_id: UUID, reason: str) -> Order:
    """Cancel a draft that was entered by mistake; its external id is free, also for what says the same. Raises
    NotFound, StateConflict for an order that was placed."""
    before = await lock_order(work, order_id)
    if before.state is not OrderState.DRAFT:
        raise StateConflict("order", "revert", before.state, [OrderState.DRAFT])
    ended = {"state": OrderState.CANCELLED, "cancel_reason": reason, "external_source": None, "external_id": None}
    order = next_version(before, **ended)
    await save_orders(work, [order])
    await record(work, ORDERS, [audited_change(before, order)], action="revert", reason=reason)
    return order


async def close_order(work: Work, order_id: UUID) -> Order:
    """Nothing of a delivered order is open: it is over; raises NotFound, StateConflict, OrderOpen."""
    before = await lock_order(work, order_id)
    state = next_state("order", MOVES, "close", before.state)
    check_settled(before)
    order = next_version(before, state=state)
    await save_orders(work, [order])
    said = replace(ORDERS, said=lambda one: fact_of(one.after, business_date=work.today))
    await record(work, said, [audited_change(before, order)], action="close")
    return order


async def say_reopened(work: Work, moved: Sequence[tuple[Order, Order]], day: date) -> None:
    """Say and audit which of these orders, as they were and are written, are open again since a business day."""
    reopened = [
        audited_change(before, after)
        for before, after in moved
        if (before.state, after.state) == (OrderState.CLOSED, OrderState.FULFILLED)
    ]
    said = replace(ORDERS, said=lambda one: reopening(one.after, day))
    await record(work, said, reopened, action="reopen")
