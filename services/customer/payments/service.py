"""Use cases of payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import AppError, Conflict, FieldError, Invalid, NotFound, UnknownReference
from kit.events import outbox
from kit.events.outbox import Fact
from kit.ids import new_id
from kit.security import audit
from kit.security.audit import AuditEntry
from kit.web.batch import Raced, Results, settled
from services.customer.accounts import repository as accounts
from services.customer.deps import Desk
from services.customer.events_out import PaymentReceived
from services.customer.orders import repository as orders
from services.customer.orders.enums import DECIDING, RETURNABLE, OrderState
from services.customer.orders.rules import OrderStateConflict
from services.customer.orders.service import unknown_account
from services.customer.payments import repository
from services.customer.payments.repository import Pair
from services.customer.payments.rules import AllocationRefused, allocation_base, check_sum, unallocated
from services.customer.payments.schemas import AllocationCreate, PaymentCreate, PaymentRow
from services.customer.returns.rules import content_hash

SERVICE = "customer"


class DuplicatePayment(Conflict):
    """A payment with this external id exists."""

    code, title = "duplicate-payment", "There is a payment with this external id already"


@dataclass(slots=True)
class _Ledger:
    """Locked orders as they become payment by payment, and the accounts that are named."""

    desk: Desk
    accounts: dict[UUID, dict[str, Any]]
    by_account_ref: dict[Pair, UUID]
    orders: dict[UUID, dict[str, Any]]
    by_order_ref: dict[Pair, UUID]
    changed: set[UUID] = field(default_factory=set)
    payments: list[dict[str, Any]] = field(default_factory=list)


def _pair(ref: Any) -> Pair:
    return (ref.source, ref.id)


def check_received(desk: Desk, day: Any, pointer: str) -> None:
    """Money has come or gone on a day that is not in the future (Invalid)."""
    if day > desk.today:
        raise Invalid("a future day", errors=[FieldError(pointer, "future-date", f"{day} lies after {desk.today}")])


def entry(desk: Desk, action: str, payment: Mapping[str, Any], after: Mapping[str, Any]) -> AuditEntry:
    """One audited thing done to a payment."""
    return AuditEntry(
        actor=desk.actor.subject,
        roles=sorted(desk.actor.roles),
        action=action,
        resource="payment",
        resource_id=str(payment["id"]),
        after=after,
    )


async def _open_ledger(tx: Tx, desk: Desk, rows: Sequence[PaymentCreate]) -> _Ledger:
    account_refs = await accounts.find_by_external(tx, {_pair(r.account_ref) for r in rows if r.account_ref})
    ids = {*account_refs.values(), *(row.account_id for row in rows if row.account_id)}
    found = await orders.get_accounts(tx, ids)
    named = [allocation for row in rows for allocation in row.allocations]
    order_refs = await orders.find_by_external(tx, {_pair(item.order_ref) for item in named if item.order_ref})
    order_ids = {*order_refs.values(), *(item.order_id for item in named if item.order_id)}
    return _Ledger(desk, found, account_refs, await orders.lock_orders(tx, order_ids), order_refs)


def _account_of(ledger: _Ledger, data: PaymentCreate) -> dict[str, Any]:
    """The account that `data` names, if the caller may see it (UnknownReference)."""
    account_id = ledger.by_account_ref.get(_pair(data.account_ref)) if data.account_ref else data.account_id
    account = ledger.accounts.get(account_id) if account_id else None
    if account is None or not ledger.desk.scope.sees(account["owner_id"]):
        raise unknown_account("/account_ref" if data.account_ref else "/account_id")
    return account


def _receive(ledger: _Ledger, data: PaymentCreate) -> dict[str, Any]:
    """The payment that `data` says, its allocations booked on the orders of the ledger; all of it or nothing."""
    desk = ledger.desk
    account = _account_of(ledger, data)
    day = data.received_on or desk.today
    check_received(desk, day, "/received_on")
    check_sum(data.amount, [allocation.amount for allocation in data.allocations])
    now, payment_id = clock.now(), new_id()
    booked: dict[UUID, dict[str, Any]] = {}
    allocations = []
    for index, item in enumerate(data.allocations):
        order = _payable(ledger, account["id"], data.currency, item, f"/allocations/{index}")
        if order["id"] in booked:
            raise Invalid(
                "twice", errors=[FieldError(f"/allocations/{index}", "duplicate", "the order is named twice")]
            )
        try:
            base = allocation_base(order["gross"], order["gross_base"], order["paid"], item.amount)
        except AllocationRefused as error:
            pointer = f"/allocations/{index}/amount"
            raise AllocationRefused(error.detail, errors=[FieldError(pointer, error.code, error.detail)]) from None
        booked[order["id"]] = booked_order(order, item.amount, base)
        allocations.append(_allocation(payment_id, order["id"], item.amount, base))
    ledger.orders |= booked
    ledger.changed |= booked.keys()
    payment = {
        "id": payment_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "account_id": account["id"],
        "stream_key": account["stream_key"],
        "currency": data.currency,
        "base_currency": desk.base_currency,
        "amount": data.amount,
        "refunded": 0,
        "received_on": day,
        "method": data.method,
        "external_source": data.external_id.source if data.external_id else None,
        "external_id": data.external_id.id if data.external_id else None,
        "content_hash": content_hash(data.model_dump(mode="json", exclude={"external_id"})),
        "allocations": allocations,
        "refunds": [],
    }
    ledger.payments.append(payment)
    return payment


def _allocation(payment_id: UUID, order_id: UUID, amount: int, base: int) -> dict[str, Any]:
    return {
        "payment_id": payment_id,
        "order_id": order_id,
        "amount": amount,
        "amount_base": base,
        "refunded": 0,
        "refunded_base": 0,
    }


def booked_order(order: Mapping[str, Any], amount: int, base: int) -> dict[str, Any]:
    """The order after `amount` (worth `base`) was paid, or taken back when negative."""
    return {
        **order,
        "paid": order["paid"] + amount,
        "paid_base": order["paid_base"] + base,
        "version": order["version"] + 1,
        "updated_at": clock.now(),
    }


def _payable(ledger: _Ledger, account_id: UUID, currency: str, item: AllocationCreate, pointer: str) -> dict[str, Any]:
    """The order that an allocation names; raises UnknownReference, OrderStateConflict, AllocationRefused."""
    order_id = ledger.by_order_ref.get(_pair(item.order_ref)) if item.order_ref else item.order_id
    order = ledger.orders.get(order_id) if order_id else None
    if order is None or not ledger.desk.scope.sees(order["owner_id"]):
        raise UnknownReference("no such order", errors=[FieldError(pointer, "unknown-reference", "no such order")])
    if order["account_id"] != account_id or order["currency"] != currency:
        detail = "the order is of another account or currency"
        raise AllocationRefused(detail, errors=[FieldError(pointer, AllocationRefused.code, detail)])
    state = OrderState(order["state"])
    if state not in RETURNABLE:
        extra = {"retryable": True} if state in DECIDING else None
        raise OrderStateConflict(f"an order in state {state} takes no payment", extra=extra)
    return order


def payment_fact(payment: Mapping[str, Any]) -> Fact:
    """The event of a received payment."""
    plain = (
        "id",
        "account_id",
        "stream_key",
        "currency",
        "base_currency",
        "amount",
        "received_on",
        "method",
        "version",
    )
    parts = ("order_id", "amount", "amount_base")
    allocations = [{name: item[name] for name in parts} for item in payment["allocations"]]
    payload = PaymentReceived.model_validate({**{name: payment[name] for name in plain}, "allocations": allocations})
    return Fact(PaymentReceived.TYPE, payment["id"], payment["stream_key"], payment["version"], payload)


def payment_body(payment: Mapping[str, Any]) -> dict[str, Any]:
    """The payment as PaymentRead."""
    hidden = ("stream_key", "content_hash", "owner_id")
    parts = [(item["amount"], item["refunded"]) for item in payment["allocations"]]
    return {
        **{name: value for name, value in payment.items() if name not in hidden},
        "unallocated": unallocated(payment["amount"], payment["refunded"], parts),
        "allocations": [{n: v for n, v in item.items() if n != "payment_id"} for item in payment["allocations"]],
    }


async def _save(tx: Tx, ledger: _Ledger) -> bool:
    if not await orders.save_orders(tx, [ledger.orders[order_id] for order_id in ledger.changed]):
        return False
    if await repository.add_payments(tx, ledger.payments) != len(ledger.payments):
        return False
    await outbox.announce(tx, SERVICE, [payment_fact(payment) for payment in ledger.payments])
    entries = [
        entry(ledger.desk, "create", p, {"amount": p["amount"], "currency": p["currency"]}) for p in ledger.payments
    ]
    await audit.record_many(tx, entries, key=ledger.desk.key)
    return True


async def receive_payment(tx: Tx, desk: Desk, data: PaymentCreate) -> dict[str, Any]:
    """Book money received; raises UnknownReference, OverAllocated, AllocationRefused, OrderStateConflict,
    DuplicatePayment."""
    ledger = await _open_ledger(tx, desk, [data])
    payment = _receive(ledger, data)
    if not await _save(tx, ledger):
        raise DuplicatePayment()
    return payment


async def receive_many(tx: Tx, desk: Desk, rows: Sequence[tuple[int, PaymentRow]], results: Results) -> None:
    """Book many payments, each once by its external id; a fixed number of statements."""

    async def attempt() -> None:
        ledger = await _open_ledger(tx, desk, [row for _, row in rows])
        found = await repository.find_by_external(tx, {_pair(row.external_id) for _, row in rows})
        known = {pair: (row["id"], row["content_hash"]) for pair, row in found.items()}
        for index, row in rows:
            pair = _pair(row.external_id)
            try:
                _account_of(ledger, row)
                if pair in known:
                    if known[pair][1] != content_hash(row.model_dump(mode="json", exclude={"external_id"})):
                        raise DuplicatePayment()
                    results.done(index, "unchanged", known[pair][0])
                    continue
                payment = _receive(ledger, row)
            except AppError as error:
                results.refuse(index, error)
                continue
            known[pair] = (payment["id"], payment["content_hash"])
            results.done(index, "created", payment["id"])
        if not await _save(tx, ledger):
            raise Raced

    await settled(tx, attempt)


async def get_payment(tx: Tx, desk: Desk, payment_id: UUID) -> dict[str, Any]:
    """One payment; raises NotFound, also for those outside the caller's scope."""
    payment = await repository.load_payment(tx, payment_id)
    if payment is None or not desk.scope.sees(payment["owner_id"]):
        raise NotFound()
    return payment
