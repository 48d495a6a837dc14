"""Upsert of many orders by external id, placed at once on request: a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit.errors import FieldError, Taken
from kit.records import Change, record
from kit.security.principals import Scope
from kit.web.batch import Raced, Results, RowRepeated, decide_rows
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.orders import repository
from services.customer.orders.changes import (
    content_hash,
    freed,
    new_draft,
    next_version,
    order_number,
    placed,
    refilled,
)
from services.customer.orders.enums import OrderState
from services.customer.orders.models import Buyer, Order
from services.customer.orders.references import References
from services.customer.orders.repository import Pair
from services.customer.orders.rules import check_changeable
from services.customer.orders.schemas import OrderPromotionCreate, OrderRow, OrderSplitCreate
from services.customer.orders.service import ORDERS, audited_change, load_references, unknown_account

KEPT = ("partner_id", "region", "contact_id", "channel_id", "deal_id", "quote_id", "contract_id", "points")
"""Fields that stay as they are where a row does not name them."""


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    scope: Scope
    refs: References
    by_ref: dict[Pair, UUID]
    buyers: dict[UUID, Buyer]
    by_external: dict[Pair, UUID]
    orders: dict[UUID, Order]
    former: dict[tuple[str, str, str], UUID]
    freed: dict[UUID, Order] = field(default_factory=dict)
    added: dict[UUID, Order] = field(default_factory=dict)
    before: dict[UUID, Order] = field(default_factory=dict)
    refilled: set[UUID] = field(default_factory=set)


async def upsert_orders(work: Work, rows: Sequence[tuple[int, OrderRow]], results: Results) -> None:
    """Create, change or place orders; a result per row. Raises BatchContended."""

    async def prepare() -> _Attempt:
        return await _prepare(work, [row for _, row in rows])

    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


async def _prepare(work: Work, rows: Sequence[OrderRow]) -> _Attempt:
    by_ref = await accounts.find_by_external(work, {row.account_ref.pair for row in rows if row.account_ref})
    ids = {*by_ref.values(), *(row.account_id for row in rows if row.account_id)}
    by_external = await repository.find_by_external(work.tx, {row.external_id.pair for row in rows})
    buyers = await repository.hold_buyers(work.tx, ids, by_external.values())
    orders = await repository.lock_orders(work.tx, set(by_external.values()))
    days = {
        (account_id, day)
        for row in rows
        for account_id in _accounts_of(row, by_ref, by_external, orders)
        for day in ({row.order_date, None} if row.external_id.pair in by_external else {row.order_date})
    }
    refs = await load_references(work, [*rows, *orders.values()], [buyer.owner_id for buyer in buyers.values()], days)
    missing = {row.external_id.pair for row in rows} - by_external.keys()
    scope = await work.scope()
    former = {
        (one.source, one.external_id, one.content_hash): one.id
        for one in await repository.find_former(work.tx, missing)
        if scope.sees(one.owner_id)
    }
    return _Attempt(work, scope, refs, by_ref, buyers, by_external, orders, former)


def _accounts_of(
    row: OrderRow, by_ref: Mapping[Pair, UUID], by_external: Mapping[Pair, UUID], orders: Mapping[UUID, Order]
) -> set[UUID]:
    """The account that a row names, and that of the order it is found to be."""
    named = by_ref.get(row.account_ref.pair) if row.account_ref else row.account_id
    known = orders.get(by_external[row.external_id.pair]) if row.external_id.pair in by_external else None
    return {one for one in (named, known.account_id if known else None) if one is not None}


def _decide(attempt: _Attempt, row: OrderRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, order id); raises AppError when it is refused."""
    order_id = attempt.by_external.get(row.external_id.pair)
    if order_id is not None and not _is_another(attempt, row, attempt.orders[order_id]):
        return _again(attempt, row, attempt.orders[order_id]), order_id
    if attempt.former and (cancelled := attempt.former.get((*row.external_id.pair, content_hash(row)))) is not None:
        return "unchanged", cancelled
    order = _new(attempt, row)
    if order_id is not None and attempt.orders[order_id].external_id is not None:
        attempt.freed[order_id] = next_version(freed(attempt.orders[order_id]))
    attempt.by_external[row.external_id.pair] = order.id
    attempt.orders[order.id] = attempt.added[order.id] = order
    return "created", order.id


def _is_another(attempt: _Attempt, row: OrderRow, before: Order) -> bool:
    """Whether the row is another order than the cancelled one that has its external id (0.1.0 left it there) or had it
    a moment ago."""
    is_seen = attempt.scope.sees(before.account_seen_by)
    return before.state is OrderState.CANCELLED and is_seen and before.content_hash != content_hash(row)


def _new(attempt: _Attempt, row: OrderRow) -> Order:
    account_id = attempt.by_ref.get(row.account_ref.pair) if row.account_ref else row.account_id
    buyer = attempt.buyers.get(account_id) if account_id else None
    if buyer is None or not attempt.scope.sees(buyer.seen_by):
        raise unknown_account("/account_ref" if row.account_ref else "/account_id")
    order = new_draft(attempt.work, buyer, row, attempt.refs)
    return placed(attempt.work, order, attempt.refs) if row.place else order


def _again(attempt: _Attempt, row: OrderRow, before: Order) -> str:
    """A row whose order exists: unchanged, placed now, or with new content; on hold, that is placed again."""
    if not attempt.scope.sees(before.account_seen_by):
        raise Taken("order", "external_id")
    digest = content_hash(row)
    is_same = before.content_hash == digest and row.payment_terms_days in (None, before.payment_terms_days)
    is_same = is_same and not _takes_away(before, row)
    if is_same and not (row.place and before.state is OrderState.DRAFT):
        return "unchanged"
    check_changeable(before.state)
    if before.id in attempt.added or before.id in attempt.before:
        raise RowRepeated(errors=[FieldError("/external_id", "repeated", "see an earlier row")])
    order = before
    if not is_same:
        order = refilled(attempt.work, before, _with_kept(before, row), attempt.refs)
        attempt.refilled.add(order.id)
    if row.place or before.state is OrderState.ON_HOLD:
        order = placed(attempt.work, order, attempt.refs)
        if order.credits != before.credits:
            attempt.refilled.add(order.id)
    attempt.orders[order.id] = next_version(order, content_hash=digest)
    attempt.before[order.id] = before
    return "updated"


def _takes_away(before: Order, row: OrderRow) -> bool:
    """Whether the row says that nothing is what its order has: that has the hash of a row that does not name it."""
    named = row.model_fields_set.intersection((*KEPT, "promotions"))
    return any(getattr(before, name) and not getattr(row, name) for name in named)


def _with_kept(before: Order, row: OrderRow) -> OrderRow:
    """The row with what it leaves out as its order has it; a split that was entered stays, too."""
    kept: dict[str, Any] = {name: getattr(before, name) for name in KEPT if name not in row.model_fields_set}
    if "credits" not in row.model_fields_set and before.is_split is not False:
        kept["credits"] = [OrderSplitCreate(member_id=one.member_id, share=one.share) for one in before.credits]
    if "promotions" not in row.model_fields_set:
        kept["promotions"] = [
            OrderPromotionCreate.model_validate(one.model_dump(exclude={"discount_base"})) for one in before.promotions
        ]
    return row.model_copy(update=kept)


def _numbered(order: Order, number: int) -> Order:
    return order.model_copy(update={"number": order_number(order.order_date, number)})


async def _write(attempt: _Attempt) -> None:
    """Everything at once; raises Raced when another transaction took an external id meanwhile."""
    work, tx = attempt.work, attempt.work.tx
    drafts = list(attempt.added.values())
    numbers = await repository.next_numbers(tx, len(drafts)) if drafts else []
    added = [_numbered(order, number) for order, number in zip(drafts, numbers, strict=True)]
    if not await repository.save_orders(tx, list(attempt.freed.values())):
        raise Raced
    if added and not await repository.add_orders(tx, added):
        raise Raced
    changes = [audited_change(before, attempt.orders[order_id]) for order_id, before in attempt.before.items()]
    changed = [one.after for one in changes]
    await repository.replace_parts(tx, [order for order in changed if order.id in attempt.refilled])
    lines = [line for order in changed for line in order.lines]
    checks = [check for order in changed for check in order.checks]
    if not await repository.save_orders(tx, changed, lines, checks):
        raise Raced
    await record(work, ORDERS, [Change(None, order) for order in added], action="create")
    await record(work, ORDERS, changes, action="update")
