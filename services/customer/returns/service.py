"""Use cases of returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Taken, UnknownReference
from kit.events import outbox
from kit.ids import new_id
from kit.records import audit_added
from kit.security.principals import Scope
from kit.web.batch import Raced, Results, decide_rows
from kit.work import Work
from services.customer.events_out import OrderReturned
from services.customer.orders import service as orders
from services.customer.orders.changes import check_date, next_version
from services.customer.orders.models import LineBack, Order, OrderLine
from services.customer.orders.settling import booking
from services.customer.returns import repository
from services.customer.returns.models import OrderReturn
from services.customer.returns.repository import Pair
from services.customer.returns.rules import SPREAD, ReturnedLine, content_hash, give_back, return_lines, totals
from services.customer.returns.schemas import ReturnCreate, ReturnRow

AUDITED = {"order_id", "return_date", "currency", "gross", "gross_base"}


def _said_hash(data: ReturnCreate) -> str:
    return content_hash(data.model_dump(mode="json", include={"lines", "return_date"}))


def _returned(work: Work, before: Order, data: ReturnCreate) -> tuple[Order, OrderReturn]:
    """The order after the return, and the return."""
    day = data.return_date or work.today
    check_date(work, day, "/return_date")
    wanted = [(line.line_no, line.quantity) for line in data.lines]
    pieces = return_lines(before.state, before.order_date, before.lines, wanted, day)
    lines = give_back(before.id, before.lines, before.back, pieces)
    amounts = totals(lines)
    settled = booking(before, -amounts["gross"])
    row = OrderReturn(
        id=new_id(),
        order_id=before.id,
        return_date=day,
        currency=before.currency,
        base_currency=before.base_currency,
        **amounts,
        settled_base=settled,
        lines=tuple(lines),
        external_source=data.external_id.source if data.external_id else None,
        external_id=data.external_id.id if data.external_id else None,
        content_hash=_said_hash(data),
        created_at=clock.now(),
    )
    return _after(before, lines, settled), row


def _after(before: Order, returned: Sequence[ReturnedLine], settled_base: int) -> Order:
    """The order once lines came back."""
    now = {line.line_no: line for line in returned}
    back = {line.line_no: line for line in before.back}
    back |= {number: _more_back(back.get(number), line) for number, line in now.items()}
    return next_version(
        before,
        lines=tuple(_reduced(line, now[line.line_no]) if line.line_no in now else line for line in before.lines),
        back=tuple(back.values()),
        returned=before.returned - sum(line.gross for line in returned),
        returned_base=before.returned_base + settled_base,
    )


def _reduced(line: OrderLine, now: ReturnedLine) -> OrderLine:
    return line.model_copy(update={"returned": now.returned_after})


def _more_back(back: LineBack | None, now: ReturnedLine) -> LineBack:
    sums = {name: (getattr(back, name) if back else 0) - getattr(now, name) for name in SPREAD}
    return LineBack(line_no=now.line_no, **sums)


def _fact(order: Order, row: OrderReturn) -> OrderReturned:
    amounts = {f"return_{name}": value for name, value in totals(row.lines).items()}
    return OrderReturned.of(
        order,
        changed=["lines"],
        return_id=row.id,
        return_date=row.return_date,
        returned_lines=row.lines,
        settled_base=row.settled_base,
        **amounts,
    )


async def return_order(work: Work, order_id: UUID, data: ReturnCreate) -> OrderReturn:
    """Take pieces of a confirmed order back; raises NotFound, Taken and what `return_lines` raises."""
    before = await orders.lock_order(work, order_id)
    order, row = _returned(work, before, data)
    if not await _save(work, [(order, row)]):
        raise Taken("return", "external_id")
    return row


async def _save(work: Work, returned: Sequence[tuple[Order, OrderReturn]]) -> bool:
    """Write, announce and audit returns and the orders after each of them; False when an external id was taken."""
    after = {order.id: order for order, _ in returned}
    touched = {(row.order_id, line.line_no) for _, row in returned for line in row.lines}
    lines = [line for order in after.values() for line in order.lines if (line.order_id, line.line_no) in touched]
    await orders.save_orders(work, list(after.values()), lines)
    if not await repository.add_returns(work.tx, [row for _, row in returned]):
        return False
    await outbox.say(work, [(_fact(order, row), order.version) for order, row in returned])
    for _order, row in returned:
        audited = row.model_dump(mode="json", include=AUDITED)
        await audit_added(work, "order_return", row.id, audited)
    return True


@dataclass(slots=True)
class _Attempt:
    """Locked orders as they become return by return, and the returns that are known."""

    work: Work
    scope: Scope
    by_ref: dict[Pair, UUID]
    orders: dict[UUID, Order]
    known: dict[Pair, tuple[UUID, UUID, str]]
    returned: list[tuple[Order, OrderReturn]] = field(default_factory=list)


async def return_many(work: Work, rows: Sequence[tuple[int, ReturnRow]], results: Results) -> None:
    """Take back what rows name, each return once by its external id; a fixed number of statements."""

    async def prepare() -> _Attempt:
        return await _prepare(work, [row for _, row in rows])

    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


async def _prepare(work: Work, rows: Sequence[ReturnRow]) -> _Attempt:
    by_ref = await orders.find_by_external(work, {row.order_ref.pair for row in rows if row.order_ref})
    locked = await orders.lock_orders(work, {*by_ref.values(), *(row.order_id for row in rows if row.order_id)})
    found = await repository.find_by_external(work.tx, {row.external_id.pair for row in rows})
    known = {pair: (one.id, one.order_id, one.content_hash) for pair, one in found.items()}
    return _Attempt(work, await work.scope(), by_ref, locked, known)


def _decide(attempt: _Attempt, row: ReturnRow) -> tuple[str, UUID]:
    order_id = attempt.by_ref.get(row.order_ref.pair) if row.order_ref else row.order_id
    before = attempt.orders.get(order_id) if order_id else None
    if before is None or not attempt.scope.sees(before.account_seen_by):
        pointer = "/order_ref" if row.order_ref else "/order_id"
        raise UnknownReference("no such order", errors=[FieldError(pointer, "unknown-reference", "no such order")])
    known = attempt.known.get(row.external_id.pair)
    if known is None:
        order, made = _returned(attempt.work, before, row)
        attempt.orders[order.id] = order
        attempt.returned.append((order, made))
        attempt.known[row.external_id.pair] = (made.id, order.id, made.content_hash)
        return "created", made.id
    if known[1:] != (before.id, _said_hash(row)):
        raise Taken("return", "external_id")
    return "unchanged", known[0]


async def _write(attempt: _Attempt) -> None:
    if not await _save(attempt.work, attempt.returned):
        raise Raced
