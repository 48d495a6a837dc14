"""Splits of resolved conflicts: the cash of orders, and answers about them, go by the shares that the orders have now.

Runs after the orders themselves were credited anew, in the same transaction: their accounts are held alone, so nobody
credits cash or answers of them meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from kit.events.handlers import Fact
from kit.ids import derived_id
from kit.work import Work
from services.targets.credits.models import CreditedOrder
from services.targets.credits.posting import Decided, places_of, post, sequences_of
from services.targets.credits.rules import RULE, Cells, credit
from services.targets.credits.splits import hold_accounts
from services.targets.events_in.channels import ConflictResolvedHeard
from services.targets.events_out import CreditLine, ResultCredited
from services.targets.results import repository
from services.targets.results.allocations import CashBook, cash_lines, channel_of, open_books
from services.targets.results.repository import CashLine, Paid, Stood
from services.targets.results.rules import ONE, collect_anew
from services.targets.results.service import stood_line

Posting = tuple[UUID, date]
"""A payment and a day on which it counts."""


async def recredit_results(work: Work, resolved: Sequence[Fact[ConflictResolvedHeard]]) -> None:
    """Reverse cash and answers of the orders of a split that stand by other shares, and post them anew, each on its own
    posting date."""
    for fact in resolved:
        split, account_id, first = fact.data, fact.data.account_id, fact.data.valid_from
        if split.outcome != "split" or account_id is None or first is None:
            continue
        groups = await hold_accounts(work, {account_id}, alone=True)
        orders = await repository.orders_between(work.tx, groups.members(account_id), first, split.valid_to)
        if orders:
            cause = work.caused_by(fact.event)
            books = await open_books(work, orders)
            await post(work, await _cash_anew(cause, books))
            await post(work, await _answers_anew(cause, {book.order.order_id: book.order for book in books.values()}))


async def _cash_anew(work: Work, books: Mapping[UUID, CashBook]) -> list[Decided]:
    paid = await repository.list_paid(work.tx, books)
    stood: dict[UUID, dict[Posting, list[CashLine]]] = defaultdict(lambda: defaultdict(list))
    for line in await repository.list_cash(work.tx, books):
        stood[line.place.order_id][line.payment_id, line.posting_date].append(line)
    sequences = await sequences_of(work, {one.payment_id for steps in paid.values() for one in steps})
    decided: list[Decided] = []
    for order_id, book in sorted(books.items()):
        for posting, cells in _by_posting(book, paid[order_id]).items():
            lines = stood[order_id][posting]
            if cells != _cells_of(lines):
                sequences[posting[0]] += 1
                decided.append((work, sequences[posting[0]], _cash_fact(work, book, posting, lines, cells)))
    return decided


def _by_posting(book: CashBook, steps: Sequence[Paid]) -> dict[Posting, Cells]:
    """The cash of each payment and day as it would have been credited by the shares of now."""
    found: dict[Posting, Cells] = defaultdict(dict)
    amounts = [(number, step.cash) for number, step in enumerate(steps)]
    for number, moved in collect_anew(book.order.order_id, book.weights, book.shares, amounts, book.whole):
        cells = found[steps[number].payment_id, steps[number].posting_date]
        for key, cash in moved.items():
            cells[key] = cells.get(key, 0) + cash
    return {posting: {key: cash for key, cash in cells.items() if cash} for posting, cells in found.items()}


def _cells_of(lines: Sequence[CashLine]) -> Cells:
    cells: Cells = defaultdict(int)
    for line in lines:
        cells[line.place.line_no, line.place.member_id] += line.place.cash
    return {key: cash for key, cash in cells.items() if cash}


def _cash_fact(work: Work, book: CashBook, posting: Posting, stood: Sequence[CashLine], cells: Cells) -> ResultCredited:
    payment_id, day = posting
    lines = cash_lines((line.place, -line.place.cash) for line in stood)
    lines += cash_lines((book.places[key], cash) for key, cash in sorted(cells.items()))
    return _fact(work, book.order, payment_id, day, lines, channel_of(book.places))


async def _answers_anew(work: Work, orders: Mapping[UUID, CreditedOrder]) -> list[Decided]:
    stood: dict[UUID, list[Stood]] = defaultdict(list)
    for row in await repository.list_answers(work.tx, orders):
        stood[row.subject_id].append(row)
    wanted: dict[UUID, tuple[CreditedOrder, dict[UUID, int]]] = {}
    for answer_id, rows in stood.items():
        order = orders[UUID(str(rows[0].order_id))]
        shares = {UUID(member): share for member, share in order.shares.items()}
        parts = {member: part for (_line, member), part in credit(answer_id, {1: ONE}, shares).items() if part}
        if parts != _parts_of(rows):
            wanted[answer_id] = order, parts
    if not wanted:
        return []
    days = {answer_id: stood[answer_id][0].order_date for answer_id in wanted}
    paths = await places_of(
        work, {(member, days[each]) for each, (_order, parts) in wanted.items() for member in parts}
    )
    sequences = await sequences_of(work, wanted)
    decided: list[Decided] = []
    for answer_id, (order, parts) in sorted(wanted.items()):
        rows, day = stood[answer_id], days[answer_id]
        lines = [stood_line(row, row.unit_path, {name: -count for name, count in row.counts.items()}) for row in rows]
        for member, part in parts.items():
            place = rows[0]._replace(member_id=member)
            lines.append(stood_line(place, paths.get((member, day), ()), dict.fromkeys(rows[0].counts, part)))
        said = _fact(work, order, answer_id, day, lines, rows[0].channel_id, order_date=day)
        decided.append((work, sequences[answer_id] + 1, said))
    return decided


def _parts_of(rows: Sequence[Stood]) -> dict[UUID, int]:
    """How much of an answer each member has; all of its measures are split alike."""
    parts: dict[UUID, int] = defaultdict(int)
    for row in rows:
        parts[row.member_id] += next(iter(row.counts.values()))
    return {member: part for member, part in parts.items() if part}


def _fact(
    work: Work,
    order: CreditedOrder,
    subject_id: UUID,
    day: date,
    lines: list[CreditLine],
    channel_id: UUID | None,
    order_date: date | None = None,
) -> ResultCredited:
    assert work.cause is not None, "a resolution is the cause"
    return ResultCredited(
        subject_id=subject_id,
        order_id=order.order_id,
        account_id=order.account_id,
        stream_key=order.stream_key,
        kind="corrected",
        order_date=order_date or order.order_date,
        posting_date=day,
        currency=order.currency,
        amount=0,
        shares={UUID(member): share for member, share in order.shares.items()},
        lines=lines,
        source_event_id=derived_id(work.cause.id, order.order_id, subject_id, day),
        source_ordinal=0,
        rule=RULE,
        channel_id=channel_id,
        reason=order.reason,
        business_date=day,
    )
