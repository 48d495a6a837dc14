"""Upsert of many orders by external id, placed at once on request: a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import AppError, Conflict
from kit.events import outbox
from kit.security import audit
from kit.security.audit import AuditEntry
from kit.web.batch import Raced, Results, settled
from services.customer.accounts import repository as accounts
from services.customer.deps import Desk
from services.customer.events_out import OrderPlaced
from services.customer.orders import repository
from services.customer.orders.drafts import content_hash, fill, new_draft, placed
from services.customer.orders.enums import OrderState
from services.customer.orders.references import References, load_references
from services.customer.orders.repository import Pair
from services.customer.orders.schemas import OrderRow
from services.customer.orders.service import PLACED, DuplicateOrder, order_number, unknown_account
from services.customer.orders.snapshots import SERVICE, order_entry, order_fact


class OrderAlreadyPlaced(Conflict):
    """A row differs from the order it names, and that order is no draft any more."""

    code, title = "order-already-placed", "The order was placed with other content"


@dataclass(slots=True)
class _Work:
    """What one attempt at a batch knows and has decided so far."""

    desk: Desk
    now: datetime
    refs: References
    by_ref: dict[Pair, UUID]
    accounts: dict[UUID, dict[str, Any]]
    by_external: dict[Pair, UUID]
    orders: dict[UUID, dict[str, Any]]
    added: list[dict[str, Any]] = field(default_factory=list)
    refilled: list[dict[str, Any]] = field(default_factory=list)
    replaced: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)


async def upsert_orders(tx: Tx, desk: Desk, rows: Sequence[tuple[int, OrderRow]], results: Results) -> None:
    """Create, change or place orders; a result per row. Raises BatchContended."""

    async def attempt() -> None:
        contents = [row.model_dump() for _, row in rows]
        work = await _prepare(tx, desk, [row for _, row in rows], contents)
        for (index, row), content in zip(rows, contents, strict=True):
            try:
                results.done(index, *_decide(work, row, content))
            except AppError as error:
                results.refuse(index, error)
        await _write(tx, work)

    await settled(tx, attempt)


async def _prepare(tx: Tx, desk: Desk, rows: Sequence[OrderRow], contents: Sequence[dict[str, Any]]) -> _Work:
    named = {(row.account_ref.source, row.account_ref.id) for row in rows if row.account_ref}
    by_ref = await accounts.find_by_external(tx, named)
    found = await repository.get_accounts(tx, {*by_ref.values(), *(r.account_id for r in rows if r.account_id)})
    by_external = await repository.find_by_external(tx, {(r.external_id.source, r.external_id.id) for r in rows})
    orders = await repository.lock_orders(tx, set(by_external.values()))
    owners = [{"member_id": account["owner_id"]} for account in found.values()]
    of_owners = {"lines": [], "credits": owners, "partner_id": None, "currency": desk.base_currency}
    refs = await load_references(tx, desk, [*contents, of_owners])
    return _Work(desk, clock.now(), refs, by_ref, found, by_external, orders)


def _decide(work: _Work, row: OrderRow, content: dict[str, Any]) -> tuple[str, UUID]:
    """What becomes of one row: (status, order id); raises AppError when it is refused."""
    pair = (row.external_id.source, row.external_id.id)
    order_id = work.by_external.get(pair)
    if order_id is None:
        order = _new(work, row, content)
        work.by_external[pair] = order["id"]
        work.orders[order["id"]] = order
        work.touched.add(order["id"])
        work.added.append(order)
        return "created", order["id"]
    return _again(work, row, content, work.orders[order_id]), order_id


def _new(work: _Work, row: OrderRow, content: dict[str, Any]) -> dict[str, Any]:
    pointer = "/account_ref" if row.account_ref else "/account_id"
    account_id = work.by_ref.get((row.account_ref.source, row.account_ref.id)) if row.account_ref else row.account_id
    account = work.accounts.get(account_id) if account_id else None
    if account is None or not work.desk.scope.sees(account["owner_id"]):
        raise unknown_account(pointer)
    order = fill(work.desk, new_draft(work.desk, account, content, work.now), content, work.refs)
    return placed(order, work.refs, work.now) if row.place else order


def _again(work: _Work, row: OrderRow, content: dict[str, Any], before: dict[str, Any]) -> str:
    """A row whose order exists: unchanged, placed now, or a draft with new content."""
    if not work.desk.scope.sees(before["owner_id"]):
        raise DuplicateOrder()
    digest = content_hash(content)
    same = before["content_hash"] == digest
    is_draft = before["state"] == OrderState.DRAFT
    if same and not (is_draft and row.place):
        return "unchanged"
    if not is_draft:
        raise OrderAlreadyPlaced(f"the order is {before['state']}")
    if before["id"] in work.touched:
        raise DuplicateOrder("another row of the batch has this external id")
    order = before
    if not same:
        order = fill(work.desk, before, content, work.refs) | {"content_hash": digest}
    if row.place:
        order = placed(order, work.refs, work.now)
    order = {**order, "version": before["version"] + 1, "updated_at": work.now}
    work.orders[order["id"]] = order
    work.touched.add(order["id"])
    work.replaced.append((before, order))
    if not same:
        work.refilled.append(order)
    return "updated"


async def _write(tx: Tx, work: _Work) -> None:
    """Everything at once; raises Raced when another transaction took an external id meanwhile."""
    numbers = await repository.next_numbers(tx, len(work.added)) if work.added else []
    for order, number in zip(work.added, numbers, strict=True):
        order["number"] = order_number(order["order_date"].year, number)
    if work.added and await repository.add_orders(tx, work.added) != len(work.added):
        raise Raced
    await repository.replace_parts(tx, work.refilled)
    changed = [order for _, order in work.replaced]
    lines = [line for order in changed for line in order["lines"]]
    checks = [check for order in changed for check in order["checks"]]
    if not await repository.save_orders(tx, changed, lines, checks):
        raise Raced
    placed_now = [order for order in [*work.added, *changed] if order["state"] == OrderState.PLACED]
    await outbox.announce(tx, SERVICE, [order_fact(OrderPlaced, order, PLACED) for order in placed_now])
    await audit.record_many(tx, _entries(work), key=work.desk.key)


def _entries(work: _Work) -> list[AuditEntry]:
    created = [order_entry(work.desk, "create", order) for order in work.added]
    return created + [order_entry(work.desk, "update", order, before) for before, order in work.replaced]
