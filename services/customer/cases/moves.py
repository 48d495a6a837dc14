"""What moves a case: its verbs, each with what it does to the clocks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError
from kit.events.contract import Published
from kit.records import change
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.cases.changes import CASES, saying
from services.customer.cases.models import VOID, Case
from services.customer.cases.rules import (
    OPEN,
    UNANSWERED,
    CaseNotPaused,
    CasePaused,
    ResponseChanged,
    ResponseMissing,
    SecondOwnerRequired,
    check_root_cause,
    check_state,
    digest,
    needs_second,
    next_case_state,
    raised_level,
)
from services.customer.cases.schemas import CaseAssess, CaseAssign, CaseClose
from services.customer.cases.service import Held, check_second, escalated, hold, keep, with_severity
from services.customer.directories import service as directories
from services.customer.events_out.cases import CaseClosed, CaseStateChanged
from services.customer.organisation import service as organisation
from services.customer.slas import service as slas
from services.customer.slas.enums import ClockKind
from services.customer.slas.rules import paused, resumed, stopped
from services.customer.slas.service import Clocks

_RUNNING: dict[str, None] = {"paused_at": None, "pause_reason": None}


async def _move(
    work: Work,
    held: Held,
    action: str,
    changes: Mapping[str, Any],
    clocks: Clocks,
    said: type[Published] = CaseStateChanged,
) -> Held:
    """Lead a locked case to its next state and tell it; raises StateConflict."""
    before: Case = held.case
    state = next_case_state(before.kind, action, before.state)
    more = {"previous_state": before.state} if said is CaseStateChanged else {"is_accepted": changes["is_accepted"]}
    case = await change(work, saying(work, said, **more), before, {**changes, "state": state}, action=action)
    return await _kept(work, Held(case, clocks, held.now))


async def _kept(work: Work, held: Held) -> Held:
    await keep(work, [held])
    return held


def _stopped(held: Held, *kinds: ClockKind) -> Clocks:
    turn = partial(stopped, held.clocks.calendar, now=held.now)
    return held.clocks.each(held.clocks.open(*kinds), turn)


async def acknowledge_case(work: Work, case_id: UUID) -> Held:
    """Tell the customer that somebody is at it: the first response. Raises NotFound, StateConflict."""
    held = await hold(work, case_id)
    return await _move(work, held, "acknowledge", {}, _stopped(held, ClockKind.FIRST_RESPONSE))


async def assess_case(work: Work, case_id: UUID, data: CaseAssess) -> Held:
    """Say how grave and how complex it is; raises NotFound, StateConflict."""
    held = await hold(work, case_id)
    clocks, more = await with_severity(work, held, data.severity)
    return await _move(work, held, "assess", data.model_dump() | more, clocks)


async def investigate_case(work: Work, case_id: UUID) -> Held:
    """Begin to look into it; raises NotFound, StateConflict."""
    held = await hold(work, case_id)
    return await _move(work, held, "investigate", {}, held.clocks)


async def respond_to_case(work: Work, case_id: UUID, response: str | None) -> Held:
    """Answer the customer, with the text that is written down unless another one is given: every clock stops.

    Raises NotFound, StateConflict, ResponseMissing, SecondOwnerRequired, SecondOwnerNotImpartial.
    """
    held = await hold(work, case_id)
    case = held.case
    next_case_state(case.kind, "respond", case.state)
    text = case.response if response is None else response
    if not text:
        raise ResponseMissing(errors=[FieldError("/response", ResponseMissing.code, ResponseMissing.title)])
    if needs_second(case.kind, case.severity):
        if case.approved_sha256 != digest(text):
            raise SecondOwnerRequired()
        await check_second(work, case, is_chosen=False)
    changes = {"response": text, "response_sha256": digest(text), **_RUNNING}
    return await _move(work, held, "respond", changes, _stopped(held))


async def approve_response(work: Work, case_id: UUID, response_sha256: str) -> Held:
    """Approve the answer that was read, as the second owner.

    Raises NotFound, StateConflict, ResponseMissing, ResponseChanged, SecondOwnerRequired, SecondOwnerNotImpartial.
    """
    held = await hold(work, case_id)
    case = held.case
    check_state("approve-response", case.state, UNANSWERED)
    if case.response_sha256 is None:
        raise ResponseMissing()
    if case.response_sha256 != response_sha256:
        raise ResponseChanged(extra={"response_sha256": case.response_sha256})
    caller = await directories.seller_of_subject(work, work.actor.subject)
    if caller is None or caller != case.second_owner_id:
        raise SecondOwnerRequired("the caller is not the second owner")
    await check_second(work, case, is_chosen=False)
    if case.approved_sha256 != response_sha256:
        changes = {
            "approved_by": work.actor.subject,
            "approved_at": clock.now(),
            "approved_sha256": response_sha256,
        }
        case = await change(work, CASES, case, changes, action="approve-response")
    return await _kept(work, held._replace(case=case))


async def close_case(work: Work, case_id: UUID, data: CaseClose) -> Held:
    """Close what was answered; raises NotFound, StateConflict, RootCauseRequired."""
    held = await hold(work, case_id)
    next_case_state(held.case.kind, "close", held.case.state)
    root_cause = data.root_cause or held.case.root_cause
    check_root_cause(held.case.kind, root_cause)
    changes = {"root_cause": root_cause, "is_accepted": data.accepted, "closed_on": work.today}
    return await _move(work, held, "close", changes, held.clocks, CaseClosed)


async def reopen_case(work: Work, case_id: UUID) -> Held:
    """Look into it again: another attempt at its resolution, with all its minutes; the answer needs a new approval.

    Raises NotFound, StateConflict.
    """
    held = await hold(work, case_id)
    case, clocks = held.case, held.clocks
    next_case_state(case.kind, "reopen", case.state)
    minutes = await slas.sla_minutes(work, case.sla_version, case.severity, case.grade)
    attempt = 1 + max(row.attempt for row in clocks.rows if row.clock is ClockKind.RESOLUTION)
    whole = {ClockKind.RESOLUTION: minutes[ClockKind.RESOLUTION]}
    more = slas.new_clocks(clocks.calendar, case.id, whole, attempt, held.now)
    changes = {"closed_on": None, "is_accepted": None, **VOID}
    return await _move(work, held, "reopen", changes, clocks._replace(rows=(*clocks.rows, *more)))


async def escalate_case(work: Work, case_id: UUID, reason: str) -> Held:
    """Raise a case to the next level; raises NotFound, StateConflict, HighestLevel."""
    held = await hold(work, case_id)
    case = held.case
    check_state("escalate", case.state, OPEN)
    leads = await organisation.leads_of(work, [case.owner_id] if case.owner_id else [])
    changes = escalated(case, raised_level(case.escalation_level), leads)
    after = await change(work, CASES, case, changes, action="escalate", reason=reason)
    return await _kept(work, held._replace(case=after))


async def assign_case(work: Work, case_id: UUID, data: CaseAssign) -> Held:
    """Give a case to another owner; what was approved is so no more.

    Raises NotFound, StateConflict, UnknownReference, OwnerLeft, SecondOwnerNotImpartial.
    """
    held = await hold(work, case_id)
    case = held.case
    check_state("assign", case.state, OPEN)
    changes: dict[str, object] = data.given()
    if any(value != getattr(case, name) for name, value in changes.items()):
        if data.owner_id != case.owner_id:
            await accounts.check_owner(work, data.owner_id)
        after: Case = case.model_copy(update=changes)
        await check_second(work, after, is_chosen=after.second_owner_id != case.second_owner_id)
        case = await change(work, CASES, case, {**changes, **VOID}, action="assign")
    return await _kept(work, held._replace(case=case))


async def pause_case(work: Work, case_id: UUID, reason: str) -> Held:
    """Stop the clock of the resolution for a while; that of the first response runs on.

    Raises NotFound, StateConflict, CasePaused.
    """
    held = await hold(work, case_id)
    check_state("pause", held.case.state, UNANSWERED)
    if held.case.paused_at is not None:
        raise CasePaused()
    clocks = held.clocks.each(
        held.clocks.open(ClockKind.RESOLUTION), partial(paused, held.clocks.calendar, now=held.now)
    )
    changes = {"paused_at": held.now, "pause_reason": reason}
    case = await change(work, CASES, held.case, changes, action="pause", reason=reason)
    return await _kept(work, Held(case, clocks, held.now))


async def resume_case(work: Work, case_id: UUID) -> Held:
    """Let the clock of the resolution run on with what it has left; raises NotFound, StateConflict, CaseNotPaused."""
    held = await hold(work, case_id)
    check_state("resume", held.case.state, UNANSWERED)
    if held.case.paused_at is None:
        raise CaseNotPaused()
    clocks = held.clocks.each(
        held.clocks.open(ClockKind.RESOLUTION), partial(resumed, held.clocks.calendar, now=held.now)
    )
    case = await change(work, CASES, held.case, _RUNNING, action="resume")
    return await _kept(work, Held(case, clocks, held.now))
