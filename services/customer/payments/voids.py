"""A payment that did not happen: what it paid is owed again."""

from __future__ import annotations

from uuid import UUID

from kit.records import Change, Resource, record
from kit.web.batch import Raced, settled
from kit.work import Work
from services.customer.events_out import PaymentVoided
from services.customer.orders import service as orders
from services.customer.payments import repository
from services.customer.payments.changes import check_standing, next_version, voided
from services.customer.payments.models import MovedPayment, Payment
from services.customer.payments.rules import check_moved_on
from services.customer.payments.schemas import PaymentVoid
from services.customer.payments.service import get_payment, lock_payment


def _said(one: Change[Payment]) -> PaymentVoided:
    after = one.after
    assert isinstance(after, MovedPayment)
    return PaymentVoided.of(
        after,
        allocations=after.moved,
        voided_on=after.moved_on,
        business_date=after.moved_on,
        reason=after.void_reason,
    )


VOIDED = Resource("payment", Payment, _said, audited=("voided_on",), owner="owner_id")


async def void_payment(work: Work, payment_id: UUID, data: PaymentVoid, *, is_forgotten: bool = False) -> Payment:
    """Undo a payment; when it is forgotten, what says the same is another one after it. Raises
    NotFound, AlreadyVoided, VoidRefused, Invalid for a day before its last allocation."""
    done: list[Payment] = []

    async def attempt() -> None:
        done.append(await _void(work, payment_id, data, is_forgotten))

    await settled(work.tx, attempt)
    return done[-1]


async def _void(work: Work, payment_id: UUID, data: PaymentVoid, is_forgotten: bool) -> Payment:
    """Orders are locked before their payment; raises Raced when it has come to pay another one meanwhile."""
    seen = await get_payment(work, payment_id)
    locked = await orders.lock_orders(work, {part.order_id for part in seen.allocations})
    before = await lock_payment(work, payment_id)
    if not {part.order_id for part in before.allocations} <= locked.keys():
        raise Raced
    check_standing(before)
    day = data.voided_on or work.today
    check_moved_on(day, before.last_day, work.today, "/voided_on")
    paid = dict(locked)
    after = next_version(voided(before, locked, day, data.reason))
    if is_forgotten:
        after = after.model_copy(update={"former_external_source": None, "former_external_id": None})
    await orders.save_orders(work, list(locked.values()))
    await orders.say_reopened(work, [(paid[order_id], order) for order_id, order in locked.items()], day)
    await repository.save_payments(work.tx, [after])
    changed = ("voided_on", "external_source", "external_id", "allocations")
    await record(work, VOIDED, [Change(before, after, changed)], action="void", reason=data.reason)
    return after
