"""Use cases of statements: calculated by a job, approved by a second person, paid.

Whatever writes statements of a partner holds the partner's advisory lock first, then the statement, then the partner's
rebate accounts: accruals under way are in or come next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from kit import clock
from kit.db.database import Row
from kit.errors import FieldError, UnknownReference
from kit.jobs.jobs import JobNotFound, enqueue, require_job
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.work import Work
from services.channels.directory import service as directory
from services.channels.events_out.statements import RebatePaid, RebateStatementApproved
from services.channels.partners import service as partners
from services.channels.rebates import posting
from services.channels.rebates import service as rebates
from services.channels.statements import repository
from services.channels.statements.enums import RebateStatementState as State
from services.channels.statements.models import RebateStatement
from services.channels.statements.rules import (
    MOVES,
    FutureDate,
    NothingToPay,
    PartnerOnHold,
    SamePerson,
    payable_of,
)
from services.channels.statements.schemas import RebateStatementPay, RebateStatementsRun

NOUN: Final = "rebate-statement"
CALCULATE: Final = "rebate-statements.calculate"
"""Kind of the job that calculates statements."""
AUDITED: Final = ("number", "partner_id", "posting_date", "entries", "carry", "accruals", "adjustments", "total")
NO_ID: Final = UUID(int=0)


def resource(work: Work) -> Resource[RebateStatement]:
    """Statements; their approval and their payment are said."""

    def said(one: Change[RebateStatement]) -> RebateStatementApproved | RebatePaid | None:
        if "state" not in one.changed or one.after.state not in (State.APPROVED, State.PAID):
            return None
        fact = RebatePaid if one.after.state is State.PAID else RebateStatementApproved
        return fact.of(one.after, owner_id=None, business_date=work.today)

    return Resource(NOUN, RebateStatement, said, audited=AUDITED)


async def start_run(work: Work, data: RebateStatementsRun) -> Row:
    """Ask for statements, a job; raises FutureDate, UnknownReference."""
    if data.posting_date > work.today:
        raise FutureDate(errors=[FieldError("/posting_date", FutureDate.code, f"today is {work.today}")])
    if data.partner_id is not None and data.partner_id not in await partners.known_partners(work, [data.partner_id]):
        raise UnknownReference(errors=[FieldError("/partner_id", UnknownReference.code, "no partner of this id")])
    asked = {
        **data.model_dump(mode="json"),
        "subject": work.actor.subject,
        "roles": sorted(work.actor.roles),
    }
    return await require_job(work.tx, await enqueue(work.tx, CALCULATE, asked, work.actor.subject))


async def get_run(work: Work, job_id: UUID) -> Row:
    """The job of statements; raises JobNotFound."""
    job = await require_job(work.tx, job_id)
    if job["kind"] != CALCULATE:
        raise JobNotFound
    return job


async def next_partner(work: Work, after: UUID) -> UUID | None:
    """The next partner of whom there may be a statement."""
    return await repository.next_partner(work.tx, after)


async def calculate(work: Work, partner_id: UUID, asked: RebateStatementsRun) -> RebateStatement | None:
    """The statement of a partner up to a day; None where one waits for its decision, or there is nothing to state."""
    await repository.hold_partner(work.tx, partner_id)
    if await repository.has_open(work.tx, partner_id):
        return None
    begun = fresh()
    found = await _taken(work, begun["id"], partner_id, asked)
    if not found["entries"] and not found["carry"]:
        return None
    number = await repository.next_number(work.tx)
    row = RebateStatement(
        **begun,
        **found,
        number=f"RS-{work.today.year}-{number:06d}",
        partner_id=partner_id,
        state=State.CALCULATED,
        posting_date=asked.posting_date,
        currency=work.base_currency,
        min_payout=asked.min_payout,
        calculated_by=work.actor.subject,
        calculated_at=begun["created_at"],
    )
    return await add(work, resource(work), row, action="calculate")


async def _taken(work: Work, statement_id: UUID, partner_id: UUID, asked: RebateStatementsRun) -> Mapping[str, Any]:
    """Entries and carry of a statement, under the locks of the partner's accounts."""
    await rebates.lock_partner(work, partner_id)
    sums = await repository.take_entries(work.tx, statement_id, partner_id, asked.posting_date)
    carry = await repository.take_carry(work.tx, statement_id, partner_id)
    total = carry + sums.accruals + sums.adjustments
    payable = payable_of(total, asked.min_payout)
    return {**sums._asdict(), "carry": carry, "total": total, "payable": payable, "carried": total - payable}


async def require_statement(work: Work, statement_id: UUID) -> RebateStatement:
    """A statement by id; raises NotFound."""
    return await require(work, resource(work), statement_id)


async def approve_statement(work: Work, statement_id: UUID) -> RebateStatement:
    """Agree to a statement that others wrote, and close the periods that are over with it.

    Raises NotFound, StateConflict, SamePerson (also of its adjustments), PartnerOnHold.
    """
    before = await _locked(work, statement_id, "approve")
    authors = {before.calculated_by} | await repository.adjusted_by(work.tx, statement_id)
    if work.actor.subject in authors:
        raise SamePerson()
    await _check_hold(work, before.partner_id)
    await rebates.lock_partner(work, before.partner_id)
    await rebates.close_periods(work, before.partner_id, statement_id, before.posting_date)
    changes = {"state": State.APPROVED, "approved_by": work.actor.subject}
    return await change(work, resource(work), before, changes, action="approve")


async def pay_statement(work: Work, statement_id: UUID, data: RebateStatementPay) -> RebateStatement:
    """What a statement comes to was paid; raises NotFound, StateConflict, NothingToPay, PartnerOnHold, FutureDate."""
    before = await _locked(work, statement_id, "pay")
    paid_on = data.paid_on or work.today
    if paid_on > work.today:
        raise FutureDate(errors=[FieldError("/paid_on", FutureDate.code, f"today is {work.today}")])
    if not before.payable:
        raise NothingToPay(f"{before.carried} is carried")
    await _check_hold(work, before.partner_id)
    changes = {"state": State.PAID, "paid_on": paid_on}
    after = await change(work, resource(work), before, changes, action="pay")
    await posting.pay(work.tx, [RebatePaid.of(after, owner_id=None, business_date=work.today)])
    return after


async def dispute_statement(work: Work, statement_id: UUID, reason: str) -> RebateStatement:
    """Somebody does not agree: nobody approves it until it is calculated again. Raises NotFound, StateConflict."""
    before = await _locked(work, statement_id, "dispute")
    changes = {"state": State.DISPUTED, "reason": reason}
    return await change(work, resource(work), before, changes, action="dispute", reason=reason)


async def recalculate_statement(work: Work, statement_id: UUID) -> RebateStatement:
    """Take as well what was posted since, up to its posting date; who asks is its author from now on. Raises NotFound,
    StateConflict."""
    before = await _locked(work, statement_id, "recalculate")
    asked = RebateStatementsRun(posting_date=before.posting_date, min_payout=before.min_payout)
    found = await _taken(work, statement_id, before.partner_id, asked)
    changes: dict[str, Any] = {
        **found,
        "state": State.CALCULATED,
        "calculated_by": work.actor.subject,
        "calculated_at": clock.now(),
        "reason": "",
    }
    return await change(work, resource(work), before, changes, action="recalculate")


async def cancel_statement(work: Work, statement_id: UUID, reason: str) -> RebateStatement:
    """Give a statement up: its entries and its carry come to the next one. Raises NotFound, StateConflict."""
    before = await _locked(work, statement_id, "cancel")
    await repository.free_entries(work.tx, statement_id)
    changes = {"state": State.CANCELLED, "reason": reason}
    return await change(work, resource(work), before, changes, action="cancel", reason=reason)


async def _locked(work: Work, statement_id: UUID, action: str) -> RebateStatement:
    """A statement in a state that the action starts from, locked after its partner."""
    found = await require_statement(work, statement_id)
    await repository.hold_partner(work.tx, found.partner_id)
    before: RebateStatement = await require(work, resource(work), statement_id, lock=True)
    next_state(NOUN, MOVES, action, before.state)
    return before


async def _check_hold(work: Work, partner_id: UUID) -> None:
    if await directory.is_on_hold(work, partner_id):
        raise PartnerOnHold()
