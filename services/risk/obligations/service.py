"""Use cases of obligations: written with the draft of a contract, begun with its signature, met or waived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.calendar import Calendar
from kit.errors import Conflict, FieldError, NotFound, UnknownReference
from kit.records import Change, Resource, change, changed_row, fresh, record
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.directory import service as directory
from services.risk.events_out.obligations import ObligationMet
from services.risk.obligations import judging, repository
from services.risk.obligations.enums import BookStage, ObligationState
from services.risk.obligations.judging import NOUN, OBLIGATIONS, saying
from services.risk.obligations.models import Obligation, ObligationBook
from services.risk.obligations.rules import BY_FACTS, MOVES, SUMS, AmountMissing, MetByFacts, days_late, occurrences
from services.risk.obligations.schemas import ObligationCreate, ObligationMeet, ObligationUpdate, ObligationWaive
from services.risk.policies.rules import DateOrder, FutureDate, check_approver


class ContractNotDraft(Conflict):
    code, title = "contract-not-draft", "Obligations are written while their contract is a draft"


class ContractNotSigned(Conflict):
    code, title = "contract-not-signed", "Nothing is owed yet: the contract is not signed"


async def open_book(work: Work, book: ObligationBook) -> None:
    """A new contract has a book of obligations, in which it may be written."""
    await repository.add_book(work.tx, book)


async def fix(work: Work, contract_id: UUID, *, is_open: bool) -> None:
    """While a contract is reviewed its obligations stand as they are; they are open again with its draft."""
    await repository.find_book(work.tx, contract_id, lock=True)
    await repository.set_stage(work.tx, contract_id, BookStage.OPEN if is_open else BookStage.FIXED, None)


async def _locked(work: Work, contract_id: UUID) -> ObligationBook:
    book = await repository.find_book(work.tx, contract_id, lock=True)
    assert book is not None, "every contract has one"
    return book


async def begin(work: Work, contract_id: UUID) -> None:
    """The contract is signed: what recurs gets its further days, and everything is judged from now on."""
    book = await _locked(work, contract_id)
    written = await repository.of_contract(work.tx, contract_id)
    calendar = await directory.company_calendar(work)
    rows = [
        each
        for one in written
        if one.every_months is not None and one.until is not None and one.state is ObligationState.PENDING
        for each in _further(calendar, one, occurrences(one.falls_on, one.every_months, one.until))
    ]
    await repository.add_obligations(work.tx, rows)
    await record(work, OBLIGATIONS, [Change(None, row) for row in rows], action="recur")
    await repository.set_stage(work.tx, contract_id, BookStage.RUNNING, clock.now() if written else None)
    await judging.tell(work, book)


def _further(calendar: Calendar, first: Obligation, days: Sequence[date]) -> list[Obligation]:
    rest = enumerate(days[1:], start=2)
    return [
        Obligation.model_validate(
            {**first.__dict__, **fresh(), "ordinal": number, "falls_on": day, "due_on": calendar.on_or_after(day)}
            | {"every_months": None, "until": None}
        )
        for number, day in rest
    ]


async def stop(work: Work, contract_id: UUID, last: date) -> None:
    """The contract ends after `last`: nobody owes what would have been due later, but what facts of days until then
    meet is met, whenever they are heard."""
    book = await _locked(work, contract_id)
    await repository.end(work.tx, contract_id, last)
    await judging.judge(work, contract_id)
    if await repository.of_contract(work.tx, contract_id):
        await judging.tell(work, book)


async def are_done(work: Work, contract_id: UUID) -> bool:
    """Whether a contract has obligations and all of them are met or waived, judged by what is known now."""
    await judging.judge(work, contract_id)
    states = {one.state for one in await repository.of_contract(work.tx, contract_id)}
    return bool(states) and states <= {ObligationState.MET, ObligationState.WAIVED}


async def _due_on(work: Work, day: date) -> date:
    """A rest day moves to the next working day, by the company's calendar as it is now."""
    return (await directory.company_calendar(work)).on_or_after(day)


async def add_obligation(work: Work, data: ObligationCreate) -> Obligation:
    """An obligation of a draft.

    Raises UnknownReference, ContractNotDraft, AmountMissing, DateOrder, RecurrenceTooLong.
    """
    book = await repository.find_book(work.tx, data.contract_id, lock=True)
    owner = None if book is None else await repository.owner_of_book(work.tx, book.id)
    if book is None or not (await work.scope()).sees(owner):
        raise UnknownReference(errors=[FieldError("/contract_id", "unknown-reference", "no such contract")])
    if book.stage is not BookStage.OPEN:
        raise ContractNotDraft
    begun = fresh()
    recurrence = data.recurrence
    row = Obligation.model_validate(
        {
            **begun,
            **data.model_dump(exclude={"recurrence"}),
            "series_id": begun["id"],
            "due_on": await _due_on(work, data.falls_on),
            "every_months": None if recurrence is None else recurrence.every_months,
            "until": None if recurrence is None else recurrence.until,
            "author": work.actor.subject,
            "state": ObligationState.PENDING,
            "stream_key": book.stream_key,
            "account_id": book.account_id,
            "partner_id": book.partner_id,
            "owner_id": owner,
        }
    )
    _check(row)
    await repository.add_obligations(work.tx, [row])
    await record(work, OBLIGATIONS, [Change(None, row)], action="create")
    await judging.tell(work, book)
    return row


def _check(row: Obligation) -> None:
    if (row.kind in SUMS) != (row.amount is not None):
        raise AmountMissing(errors=[FieldError("/amount", AmountMissing.code, AmountMissing.title)])
    if row.until is not None and row.every_months is not None:
        if row.until < row.falls_on:
            raise DateOrder(errors=[FieldError("/recurrence/until", DateOrder.code, f"lies before {row.falls_on}")])
        occurrences(row.falls_on, row.every_months, row.until)


async def require_obligation(work: Work, obligation_id: UUID, *, version: Versions | None = None) -> Obligation:
    """An obligation by id; raises NotFound (also outside the caller's scope), VersionMismatch."""
    row = await repository.find_obligation(work.tx, work.visible, obligation_id)
    if row is None:
        raise NotFound(what=NOUN)
    if version is not None:
        version.check(row.version)
    return row


async def _held(work: Work, obligation_id: UUID, version: Versions | None = None) -> tuple[ObligationBook, Obligation]:
    """The obligation as it is once its book is locked."""
    found = await require_obligation(work, obligation_id)
    book = await _locked(work, found.contract_id)
    return book, await require_obligation(work, obligation_id, version=version)


async def change_obligation(work: Work, obligation_id: UUID, version: Versions, data: ObligationUpdate) -> Obligation:
    """Change an obligation of a draft; raises NotFound, VersionMismatch, ContractNotDraft and what a new one raises."""
    book, before = await _held(work, obligation_id, version)
    if book.stage is not BookStage.OPEN:
        raise ContractNotDraft
    given: dict[str, Any] = data.given()
    if "recurrence" in given:
        recurrence = given.pop("recurrence") or {"every_months": None, "until": None}
        given.update(recurrence)
    if "falls_on" in given:
        given["due_on"] = await _due_on(work, data.falls_on)
    _check(changed_row(before, given).after)
    return await change(work, OBLIGATIONS, before, given)


async def meet_obligation(work: Work, obligation_id: UUID, data: ObligationMeet) -> Obligation:
    """Note that an obligation was met; raises NotFound, StateConflict, FutureDate, MetByFacts, ContractNotSigned."""
    book, before = await _held(work, obligation_id)
    state = next_state(NOUN, MOVES, "meet", before.state)
    if data.on > work.today:
        raise FutureDate(errors=[FieldError("/on", FutureDate.code, f"today is {work.today}")])
    if (before.kind, before.side) in BY_FACTS:
        raise MetByFacts
    if book.stage is not BookStage.RUNNING:
        raise ContractNotSigned
    late = days_late(data.on, before.due_on)
    changes: dict[str, Any] = {"state": state, "met_on": data.on, "days_late": late, "evidence": data.evidence}
    resource: Resource[Obligation] = saying(ObligationMet, data.on, work, met_on=data.on, days_late=late)
    after = await change(work, resource, before, changes, action="meet")
    await repository.schedule(work.tx, book.id, clock.now())
    await judging.tell(work, book)
    return after


async def waive_obligation(work: Work, obligation_id: UUID, data: ObligationWaive) -> Obligation:
    """Let an obligation of somebody else go; raises NotFound, StateConflict (also for what facts met), SamePerson."""
    book, before = await _held(work, obligation_id)
    met = await judging.met_by_facts(work, book.id, await repository.of_contract(work.tx, book.id))
    state = next_state(NOUN, MOVES, "waive", ObligationState.MET if before.id in met else before.state)
    check_approver(work.actor.subject, (before.author,))
    changes = {"state": state, "waived_by": work.actor.subject, "waive_reason": data.reason}
    after = await change(work, OBLIGATIONS, before, changes, action="waive", reason=data.reason)
    await repository.schedule(work.tx, book.id, clock.now())
    await judging.tell(work, book)
    return after
