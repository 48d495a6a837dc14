"""Obligations of a contract are judged together, under the lock of its book: by facts of its orders, and by the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.due.due import Due
from kit.events.contract import Published
from kit.events.projections import require_filled
from kit.records import Change, Resource, change
from kit.work import Work
from services.risk.events_out.obligations import ObligationDue, ObligationLate, ObligationMet
from services.risk.marks.enums import IndicatorMeasure
from services.risk.marks.models import Touched
from services.risk.marks.service import mark
from services.risk.obligations import repository
from services.risk.obligations.enums import BookStage, ObligationKind, ObligationState
from services.risk.obligations.models import Obligation, ObligationBook
from services.risk.obligations.rules import BY_FACTS, DAY, Claim, Dated, days_late, met_days, next_day, warn_day
from services.risk.receivables import service as receivables

NOUN = "obligation"
PROJECTIONS = ("fulfilment", "receivable")
"""What obligations are judged by."""
OBLIGATIONS = Resource(
    NOUN,
    Obligation,
    lambda _one: None,
    audited=("contract_id", "kind", "side", "title", "falls_on", "due_on", "amount", "every_months", "until"),
)


def saying(kind: type[Published], day: date, work: Work, **more: Any) -> Resource[Obligation]:
    """The resource whose changes are announced as `kind`, a fact of that business day."""

    def said(one: Change[Obligation]) -> Published:
        return kind.of(one.after, business_date=day, currency=work.base_currency, **more)

    return replace(OBLIGATIONS, said=said)


async def tell(work: Work, book: ObligationBook) -> None:
    """What is overdue of the other party of a contract has changed, perhaps."""
    accounts = frozenset(() if book.account_id is None else (book.account_id,))
    partners = frozenset(() if book.partner_id is None else (str(book.partner_id),))
    await mark(work, {IndicatorMeasure.OBLIGATIONS_OVERDUE}, Touched(accounts, partners))


async def judge_books(work: Work, books: Sequence[ObligationBook]) -> None:
    """Judge what is due, in the order of the ids: whoever marks books takes them in that order too."""
    for book in sorted(books, key=lambda one: one.id):
        await judge(work, book.id)


OBLIGATIONS_DUE = Due("obligation", ObligationBook, judge_books, "t.stage = 'running' AND t.due_at IS NOT NULL")


async def judge(work: Work, contract_id: UUID) -> None:
    """Bring the obligations of a contract to where facts and the day put them, and note when to look again."""
    book = await repository.find_book(work.tx, contract_id, lock=True)
    if book is None or book.stage is not BookStage.RUNNING:
        return
    obligations = await repository.of_contract(work.tx, contract_id)
    met = await met_by_facts(work, contract_id, obligations)
    after = [await _judge_one(work, one, met.get(one.id)) for one in obligations]
    if [one.state for one in after] != [one.state for one in obligations]:
        await tell(work, book)
    days = [next_day(one.state, one.due_on, one.lead_days, is_warned=one.is_warned) for one in after]
    first = min((day for day in days if day is not None), default=None)
    due_at = None if first is None else clock.start_of_day(work.settings.timezone, first)
    await repository.schedule(work.tx, contract_id, due_at)


async def met_by_facts(work: Work, contract_id: UUID, obligations: Sequence[Obligation]) -> dict[UUID, date]:
    """The days on which orders and payments met obligations of a contract, by their ids."""
    found: dict[UUID, date] = {}
    for kind, side in sorted(BY_FACTS):
        claims = [
            Claim(one.id, one.due_on, one.amount, one.ended_on)
            for one in obligations
            if (one.kind, one.side) == (kind, side) and one.amount is not None and not _is_let_go(one)
        ]
        if claims:
            await require_filled(work.tx, PROJECTIONS)
            found |= met_days(claims, await _moved(work, contract_id, kind))
    return found


async def _moved(work: Work, contract_id: UUID, kind: ObligationKind) -> list[Dated]:
    if kind is not ObligationKind.PAYMENT:
        return await repository.moved(work.tx, contract_id, kind, work.settings.timezone)
    orders = await repository.orders_of_contract(work.tx, contract_id)
    return [Dated(day, amount) for day, amount in await receivables.paid_by_day(work, orders)]


async def _judge_one(work: Work, one: Obligation, met_on: date | None) -> Obligation:
    if _is_let_go(one):
        return one
    if (one.kind, one.side) in BY_FACTS:
        if met_on is not None:
            return await _meet(work, one, met_on)
        if one.state is ObligationState.MET:
            one = await _reopen(work, one)
    if one.ended_on is not None and one.state in (ObligationState.PENDING, ObligationState.LATE):
        return await _let_go(work, one, one.ended_on)
    return await _by_day(work, one)


def _is_let_go(one: Obligation) -> bool:
    """Whether a person waived it: that stays; what the end of a contract waives facts may meet yet."""
    return one.state is ObligationState.WAIVED and one.ended_on is None


async def _let_go(work: Work, one: Obligation, last: date) -> Obligation:
    changes = {
        "state": ObligationState.WAIVED,
        "waived_by": work.actor.subject,
        "waive_reason": f"the contract ended after {last}",
    }
    return await change(work, OBLIGATIONS, one, changes, action="waive")


async def _meet(work: Work, one: Obligation, met_on: date) -> Obligation:
    late = days_late(met_on, one.due_on)
    resource = saying(ObligationMet, met_on, work, met_on=met_on, days_late=late)
    changes: dict[str, Any] = {"state": ObligationState.MET, "met_on": met_on, "days_late": late}
    changes |= {"waived_by": None, "waive_reason": ""}
    return await change(work, resource, one, changes, action="meet")


async def _reopen(work: Work, one: Obligation) -> Obligation:
    changes = {
        "state": ObligationState.PENDING,
        "occurrence": one.occurrence + 1,
        "is_warned": False,
        "met_on": None,
        "days_late": None,
    }
    return await change(work, OBLIGATIONS, one, changes, action="reopen")


async def _by_day(work: Work, one: Obligation) -> Obligation:
    """Due and late are said once each, with the days on which they came; what is opened again after its day is late
    today."""
    if one.state is not ObligationState.PENDING:
        return one
    is_again, today = one.occurrence > 1, work.today
    warned, late = warn_day(one.due_on, one.lead_days), one.due_on + DAY
    if not one.is_warned and today >= warned and not (is_again and today >= late):
        resource = saying(ObligationDue, max(warned, today) if is_again else warned, work)
        warning: dict[str, Any] = {"is_warned": True}
        one = await change(work, resource, one, warning, action="due")
    if today >= late:
        day = today if is_again else late
        changes: dict[str, Any] = {"state": ObligationState.LATE, "late_on": day, "is_warned": True}
        one = await change(work, saying(ObligationLate, day, work), one, changes, action="late")
    return one
