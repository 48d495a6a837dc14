"""Use cases of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import Conflict, FieldError, NotFound, UnknownReference, VersionMismatch
from kit.events import outbox
from kit.events.envelope import Event
from kit.events.outbox import Fact, make_event
from kit.security import audit
from kit.security.principals import ScopeQuery
from kit.versions import Versions
from services.customer.accounts import repository as accounts
from services.customer.accounts.schemas import ExternalRef
from services.customer.deps import Desk
from services.customer.events_out import OrderCancelled, OrderConfirmed, OrderFulfilled, OrderHeld, OrderPlaced
from services.customer.orders import repository
from services.customer.orders.drafts import CONTENT, fill, new_draft, placed
from services.customer.orders.enums import AnswerKind, Decision, OrderAction, OrderState
from services.customer.orders.references import load_references
from services.customer.orders.rules import OrderStateConflict, decide_answer, next_state
from services.customer.orders.schemas import OrderCreate, OrderUpdate
from services.customer.orders.snapshots import SERVICE, order_entry, order_fact

PLACED = ("state", "placement", "exchange_rate", "lines")


class DuplicateOrder(Conflict):
    """Another order has this external id."""

    code, title = "duplicate-order", "There is an order with this external id already"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a placement's credit check, and the event that brought it."""

    event: Event
    order_id: UUID
    placement: int
    kind: AnswerKind
    decision: Decision
    reason: str | None = None
    shortfall: int | None = None


def unknown_account(pointer: str) -> UnknownReference:
    """The account is unknown, or not visible to the caller."""
    return UnknownReference("no such account", errors=[FieldError(pointer, "unknown-reference", "no such account")])


def order_number(year: int, number: int) -> str:
    """SO-<year of the order date>-<number of the sequence>."""
    return f"SO-{year}-{number:06d}"


async def account_id_of(tx: Tx, account_id: UUID | None, ref: ExternalRef | None) -> UUID:
    """The account named by id or by external id; raises UnknownReference."""
    if account_id is not None:
        return account_id
    assert ref is not None
    pair = (ref.source, ref.id)
    found = (await accounts.find_by_external(tx, [pair])).get(pair)
    if found is None:
        raise unknown_account("/account_ref")
    return found


async def create_order(tx: Tx, desk: Desk, data: OrderCreate) -> dict[str, Any]:
    """Add a draft; raises DuplicateOrder, UnknownReference and what `fill` raises."""
    account_id = await account_id_of(tx, data.account_id, data.account_ref)
    account = await repository.find_buyer(tx, account_id)
    if account is None or not desk.scope.sees(account["owner_id"]):
        raise unknown_account("/account_id" if data.account_id else "/account_ref")
    content = data.model_dump()
    named = [*content["credits"], {"member_id": account["owner_id"]}]
    refs = await load_references(tx, desk, [{**content, "credits": named}])
    order = fill(desk, new_draft(desk, account, content, clock.now()), content, refs)
    order["number"] = order_number(order["order_date"].year, account["next_number"])
    if await repository.add_orders(tx, [order]) != 1:
        raise DuplicateOrder()
    await audit.record_many(tx, [order_entry(desk, "create", order)], key=desk.key)
    return order


async def get_order(tx: Tx, visible: ScopeQuery, order_id: UUID) -> dict[str, Any]:
    """One order; raises NotFound, also for those outside the caller's scope."""
    order = await repository.find_order(tx, visible, order_id)
    if order is None:
        raise NotFound()
    return order


async def lock_order(tx: Tx, desk: Desk, order_id: UUID) -> dict[str, Any]:
    """One order, locked; raises NotFound."""
    return _visible(desk, await repository.lock_orders(tx, [order_id]), order_id)


def _visible(desk: Desk, orders: Mapping[UUID, dict[str, Any]], order_id: UUID) -> dict[str, Any]:
    order = orders.get(order_id)
    if order is None or not desk.scope.sees(order["owner_id"]):
        raise NotFound()
    return order


def _next(order: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {**order, **changes, "version": order["version"] + 1, "updated_at": clock.now()}


async def _save(
    tx: Tx,
    desk: Desk,
    action: str,
    before: Mapping[str, Any],
    order: Mapping[str, Any],
    facts: Sequence[Fact],
    *,
    lines: Sequence[Mapping[str, Any]] = (),
    checks: Sequence[Mapping[str, Any]] = (),
    reason: str = "",
) -> None:
    if not await repository.save_orders(tx, [order], lines, checks):
        raise VersionMismatch()
    await outbox.announce(tx, SERVICE, facts)
    await audit.record_many(tx, [order_entry(desk, action, order, before, reason)], key=desk.key)


async def update_order(tx: Tx, desk: Desk, order_id: UUID, version: Versions, data: OrderUpdate) -> dict[str, Any]:
    """Change a draft; raises NotFound, VersionMismatch, OrderStateConflict and what `fill` raises."""
    before = await lock_order(tx, desk, order_id)
    version.check(before["version"])
    if before["state"] != OrderState.DRAFT:
        raise OrderStateConflict(f"an order in state {before['state']} cannot be changed")
    given = data.model_dump(include=data.model_fields_set)
    content = {"total": None, **{name: before[name] for name in CONTENT}, **given}
    named = [*content["credits"], {"member_id": before["owner_id"]}]
    refs = await load_references(tx, desk, [{**content, "credits": named}])
    order = _next(fill(desk, before, content, refs), content_hash="")
    await repository.replace_parts(tx, [order])
    await _save(tx, desk, "update", before, order, [])
    return order


async def place_order(tx: Tx, desk: Desk, order_id: UUID) -> dict[str, Any]:
    """Ask for the checks of a draft, or again of an order on hold; raises what `placed` raises."""
    before = await lock_order(tx, desk, order_id)
    next_state(OrderState(before["state"]), OrderAction.PLACE)
    refs = await load_references(tx, desk, [before])
    order = _next(placed(before, refs, clock.now()))
    fact = order_fact(OrderPlaced, order, PLACED)
    await _save(tx, desk, "place", before, order, [fact], lines=order["lines"], checks=order["checks"][-1:])
    return order


async def cancel_order(tx: Tx, desk: Desk, order_id: UUID, reason: str) -> dict[str, Any]:
    """Give up a draft or an order on hold; raises OrderStateConflict.

    A draft that was never placed is unknown to others: nothing is announced.
    """
    before = await lock_order(tx, desk, order_id)
    order = _next(before, state=next_state(OrderState(before["state"]), OrderAction.CANCEL), cancel_reason=reason)
    facts = [order_fact(OrderCancelled, order, ["state"], reason=reason)] if order["placement"] else []
    await _save(tx, desk, "cancel", before, order, facts, reason=reason)
    return order


async def fulfil_order(tx: Tx, desk: Desk, order_id: UUID) -> dict[str, Any]:
    """Everything of a confirmed order was delivered; raises OrderStateConflict."""
    before = await lock_order(tx, desk, order_id)
    order = _next(before, state=next_state(OrderState(before["state"]), OrderAction.FULFIL))
    await _save(tx, desk, "fulfil", before, order, [order_fact(OrderFulfilled, order, ["state"])])
    return order


async def apply_answers(tx: Tx, answers: Sequence[Answer]) -> None:
    """Confirm or hold the orders that answers of their current placement decide; other answers change nothing.

    A fixed number of statements for any number of answers.
    """
    orders = await repository.lock_orders(tx, {answer.order_id for answer in answers})
    changed: dict[UUID, dict[str, Any]] = {}
    checks: dict[tuple[UUID, int], dict[str, Any]] = {}
    events: list[Event] = []
    for answer in answers:
        order = orders.get(answer.order_id)
        if order is None:
            continue
        state = decide_answer(
            OrderState(order["state"]), order["placement"], answer.placement, answer.kind, answer.decision
        )
        if state is None:
            continue
        check = _answered(answer)
        kept = [c for c in order["checks"] if c["placement"] != answer.placement]
        order = _next(order, state=state, checks=[*kept, check])
        orders[order["id"]] = changed[order["id"]] = order
        checks[order["id"], answer.placement] = check
        events.append(make_event(SERVICE, _answer_fact(order, answer), answer.event))
    if not await repository.save_orders(tx, list(changed.values()), checks=list(checks.values())):
        raise VersionMismatch()
    await outbox.add(tx, SERVICE, events)


def _answered(answer: Answer) -> dict[str, Any]:
    return {
        "order_id": answer.order_id,
        "placement": answer.placement,
        "kind": "credit",
        "state": "passed" if answer.kind is AnswerKind.RESERVED else "refused",
        "decision": str(answer.decision),
        "reason": answer.reason,
        "shortfall": answer.shortfall,
        "answer_event_id": answer.event.id,
        "answered_at": answer.event.time,
    }


def _answer_fact(order: Mapping[str, Any], answer: Answer) -> Fact:
    if answer.kind is AnswerKind.RESERVED:
        return order_fact(OrderConfirmed, order, ["state"])
    return order_fact(OrderHeld, order, ["state"], reason=answer.reason, shortfall=answer.shortfall)
