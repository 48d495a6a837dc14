"""Use cases of returns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import AppError, Conflict, FieldError, UnknownReference, VersionMismatch
from kit.events import outbox
from kit.events.outbox import Fact
from kit.ids import new_id
from kit.security import audit
from kit.web.batch import Raced, Results, settled
from services.customer.deps import Desk
from services.customer.events_out import OrderReturned
from services.customer.orders import repository as orders
from services.customer.orders.drafts import check_date
from services.customer.orders.service import lock_order
from services.customer.orders.snapshots import SERVICE, order_entry, order_fact
from services.customer.returns import repository
from services.customer.returns.rules import AMOUNTS, content_hash, return_lines
from services.customer.returns.schemas import ReturnCreate, ReturnRow


class DuplicateReturn(Conflict):
    """A return with this external id exists and says something else."""

    code, title = "duplicate-return", "There is a return with this external id already"


def _hash(data: ReturnCreate) -> str:
    return content_hash(data.model_dump(mode="json", include={"lines", "return_date"}))


def _returned(desk: Desk, before: Mapping[str, Any], data: ReturnCreate) -> tuple[dict[str, Any], dict[str, Any], Fact]:
    """The order after the return, the return's row and its event."""
    day = data.return_date or desk.today
    check_date(desk, day, "/return_date")
    result = return_lines(before, [(line.line_no, line.quantity) for line in data.lines], day)
    now = clock.now()
    order = {**before, "lines": result.lines, "version": before["version"] + 1, "updated_at": now}
    row = {
        "id": new_id(),
        "order_id": order["id"],
        "return_date": day,
        "currency": order["currency"],
        "base_currency": order["base_currency"],
        **result.totals,
        "lines": result.returned_lines,
        "external_source": data.external_id.source if data.external_id else None,
        "external_id": data.external_id.id if data.external_id else None,
        "content_hash": _hash(data),
        "created_at": now,
    }
    fact = order_fact(
        OrderReturned,
        order,
        ["lines"],
        return_id=row["id"],
        return_date=day,
        returned_lines=result.returned_lines,
        **{f"return_{name}": result.totals[name] for name in AMOUNTS},
    )
    return order, row, fact


def _touched(order: Mapping[str, Any], numbers: Collection[int]) -> list[dict[str, Any]]:
    return [line for line in order["lines"] if line["line_no"] in numbers]


def return_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """The return as ReturnRead."""
    return {name: value for name, value in row.items() if name != "content_hash"}


async def return_order(tx: Tx, desk: Desk, order_id: UUID, data: ReturnCreate) -> dict[str, Any]:
    """Take pieces of a confirmed order back; raises NotFound, DuplicateReturn and what `return_lines` raises."""
    before = await lock_order(tx, desk, order_id)
    order, row, fact = _returned(desk, before, data)
    if not await orders.save_orders(tx, [order], _touched(order, {line.line_no for line in data.lines})):
        raise VersionMismatch()
    if await repository.add_returns(tx, [row]) != 1:
        raise DuplicateReturn()
    await outbox.announce(tx, SERVICE, [fact])
    await audit.record_many(tx, [order_entry(desk, "return", order, before)], key=desk.key)
    return row


async def return_many(tx: Tx, desk: Desk, rows: Sequence[tuple[int, ReturnRow]], results: Results) -> None:
    """Take back what rows name, each return once by its external id; a fixed number of statements."""

    async def attempt() -> None:
        refs = {(row.order_ref.source, row.order_ref.id) for _, row in rows if row.order_ref}
        by_ref = await orders.find_by_external(tx, refs)
        ids = {*by_ref.values(), *(row.order_id for _, row in rows if row.order_id)}
        locked = await orders.lock_orders(tx, ids)
        pairs = {(row.external_id.source, row.external_id.id) for _, row in rows}
        known = {
            pair: (found["id"], found["order_id"], found["content_hash"])
            for pair, found in (await repository.find_by_external(tx, pairs)).items()
        }
        before = dict(locked)
        added: list[dict[str, Any]] = []
        facts: list[Fact] = []
        for index, row in rows:
            try:
                order = _order_of(desk, row, by_ref, locked)
                pair = (row.external_id.source, row.external_id.id)
                if pair in known:
                    if known[pair][1:] != (order["id"], _hash(row)):
                        raise DuplicateReturn()
                    results.done(index, "unchanged", known[pair][0])
                    continue
                after, record, fact = _returned(desk, order, row)
            except AppError as error:
                results.refuse(index, error)
                continue
            locked[order["id"]] = after
            known[pair] = (record["id"], order["id"], record["content_hash"])
            added.append(record)
            facts.append(fact)
            results.done(index, "created", record["id"])
        await _write(tx, desk, before, locked, added, facts)

    await settled(tx, attempt)


def _order_of(
    desk: Desk, row: ReturnRow, by_ref: Mapping[tuple[str, str], UUID], locked: Mapping[UUID, dict[str, Any]]
) -> dict[str, Any]:
    order_id = by_ref.get((row.order_ref.source, row.order_ref.id)) if row.order_ref else row.order_id
    order = locked.get(order_id) if order_id else None
    if order is None or not desk.scope.sees(order["owner_id"]):
        pointer = "/order_ref" if row.order_ref else "/order_id"
        raise UnknownReference("no such order", errors=[FieldError(pointer, "unknown-reference", "no such order")])
    return order


async def _write(
    tx: Tx,
    desk: Desk,
    before: Mapping[UUID, Mapping[str, Any]],
    after: Mapping[UUID, Mapping[str, Any]],
    added: Sequence[Mapping[str, Any]],
    facts: Sequence[Fact],
) -> None:
    touched: dict[UUID, set[int]] = {}
    for record in added:
        touched.setdefault(record["order_id"], set()).update(line["line_no"] for line in record["lines"])
    changed = [after[order_id] for order_id in touched]
    lines = [line for order in changed for line in _touched(order, touched[order["id"]])]
    if not await orders.save_orders(tx, changed, lines) or await repository.add_returns(tx, added) != len(added):
        raise Raced
    await outbox.announce(tx, SERVICE, facts)
    entries = [order_entry(desk, "return", order, before[order["id"]]) for order in changed]
    await audit.record_many(tx, entries, key=desk.key)
