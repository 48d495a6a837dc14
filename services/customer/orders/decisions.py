"""What answers to the checks of placements do to their orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.events import outbox
from kit.events.envelope import Event
from kit.work import Work
from services.customer.orders import repository
from services.customer.orders.changes import next_version
from services.customer.orders.enums import AnswerKind, CheckKind, CheckState, Decision, OrderState
from services.customer.orders.models import Order, OrderCheck
from services.customer.orders.rules import decide_answer
from services.customer.orders.service import OrderFact, fact_of, save_orders


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a check of a placement, and the event that brought it; `shortfall` is in base currency, `cause` says
    more than `reason`."""

    event: Event
    order_id: UUID
    placement: int
    check: CheckKind
    kind: AnswerKind
    decision: Decision = Decision.AUTOMATIC
    reason: str | None = None
    shortfall: int = 0
    cause: str | None = None


async def apply_answers(work: Work, answers: Sequence[Answer]) -> None:
    """What answers to the checks of placements do to their orders (`decide_answer`); others change nothing.

    An order that comes to be confirmed, and each refusal or release, is announced. A fixed number of statements for
    any number of answers.
    """
    orders = await repository.lock_orders(work.tx, {answer.order_id for answer in answers})
    changed: dict[UUID, Order] = {}
    checks: dict[tuple[UUID, CheckKind], OrderCheck] = {}
    counted: list[tuple[Answer, Order, OrderCheck]] = []
    for answer in answers:
        before = orders.get(answer.order_id)
        after = _answered(before, answer) if before else None
        if after is None:
            continue
        order, check = after
        orders[order.id] = changed[order.id] = order
        checks[order.id, check.kind] = check
        counted.append((answer, order, check))
    await save_orders(work, list(changed.values()), checks=list(checks.values()))
    confirmed = [order.id for order in changed.values() if order.state is OrderState.CONFIRMED]
    first = await repository.first_orders(work.tx, confirmed)
    events = [
        outbox.compose(work.caused_by(answer.event), said, order.version)
        for answer, order, check in counted
        if (said := _of_answer(order, check, order.id in first)) is not None
    ]
    await outbox.add(work.tx, work.service, events)


def _of_answer(order: Order, check: OrderCheck, is_first: bool) -> OrderFact | None:
    """What is said of an order and its check after an answer; None while others are missing."""
    if check.state is not CheckState.PASSED:
        return fact_of(order, check=check.kind, reason=check.reason, shortfall=check.shortfall, cause=check.cause)
    return fact_of(order, is_first_order=is_first) if order.state is OrderState.CONFIRMED else None


def _answered(order: Order, answer: Answer) -> tuple[Order, OrderCheck] | None:
    """The order and its check after an answer; None for one that does not count."""
    if answer.placement != order.placement:
        return None
    states = {check.kind: check.state for check in order.asked}
    decided = decide_answer(order.state, states, answer.check, answer.kind, answer.decision)
    if decided is None:
        return None
    check = OrderCheck(
        order_id=order.id,
        placement=order.placement,
        kind=answer.check,
        state=decided[0],
        decision=answer.decision,
        reason=answer.reason,
        cause=answer.cause,
        shortfall=answer.shortfall if decided[0] is not CheckState.PASSED else None,
        answer_event_id=answer.event.id,
        answered_at=answer.event.time,
    )
    kept = [one for one in order.checks if (one.placement, one.kind) != (check.placement, check.kind)]
    return next_version(order, state=decided[1], checks=(*kept, check)), check
