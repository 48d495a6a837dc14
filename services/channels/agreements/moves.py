"""Agreements that begin to hold, end before their time, warn and expire.

Whatever changes who holds a territory takes one advisory lock before any row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError
from kit.records import change
from kit.transitions import next_state
from kit.work import Work
from services.channels.agreements import repository
from services.channels.agreements.enums import AgreementState
from services.channels.agreements.models import Agreement
from services.channels.agreements.rules import (
    MOVES,
    ONE_DAY,
    AgreementOver,
    NoticeTooShort,
    ValidityInvalid,
    check_follows,
    due_day,
    first_warning,
    next_warning,
)
from services.channels.agreements.schemas import AgreementTerminate
from services.channels.agreements.service import NOUN, cells_of, check_latest, check_overlap, locked, resource
from services.channels.events_out.agreements import (
    AgreementExpired,
    AgreementRenewalDue,
    AgreementSigned,
    AgreementTerminated,
)
from services.channels.partners import service as partners
from services.channels.promotions.rules import SamePerson


async def sign_agreement(work: Work, agreement_id: UUID) -> Agreement:
    """Let a version of somebody else hold from its first day on; the former version ends the day before.

    Raises NotFound, StateConflict (of the partner too, where it was terminated), SamePerson, AgreementOver,
    ValidityInvalid, ExclusivityOverlap.
    """
    before: Agreement
    former: Agreement | None
    before, former = await locked(work, agreement_id)
    state = next_state(NOUN, MOVES, "sign", before.state)
    if work.actor.subject == before.written_by:
        raise SamePerson()
    await partners.check_standing(work, before.partner_id, "sign an agreement")
    if former is not None:
        if former.state is AgreementState.TERMINATED:
            raise AgreementOver()
        check_follows(before.valid_from, former.valid_from, former.ends_on)
    cells = cells_of(before)
    await check_overlap(work, cells)
    if former is not None:
        await _end(work, former, before.valid_from - ONE_DAY, before.id)
    await repository.add_cells(work.tx, cells)
    warning = first_warning(before.valid_to, work.today)
    changes = {
        "state": state,
        "signed_by": work.actor.subject,
        "signed_on": work.today,
        "ends_on": before.valid_to,
        "next_warning": warning,
        "due_at": _due_at(work, before.valid_to, warning),
    }
    return await change(work, resource(work, AgreementSigned), before, changes, action="sign")


async def terminate_agreement(work: Work, agreement_id: UUID, data: AgreementTerminate) -> Agreement:
    """End an agreement before its time, all of its versions; raises NotFound, StateConflict, AgreementSuperseded,
    NoticeTooShort, ValidityInvalid."""
    before: Agreement
    before, _former = await locked(work, agreement_id)
    next_state(NOUN, MOVES, "terminate", before.state)
    versions = await repository.lock_versions(work.tx, before.number)
    check_latest(before, versions)
    last = _last_day(work, before, data)
    result = before
    for one in versions:
        if one.state is AgreementState.SIGNED and (one.id == before.id or one.ends_on is None or one.ends_on > last):
            after = await _terminate(work, one, last, data)
            result = after if one.id == before.id else result
    return result


async def _terminate(work: Work, before: Agreement, last: date, data: AgreementTerminate) -> Agreement:
    await repository.end_cells(work.tx, before.id, last)
    changes = {
        "state": AgreementState.TERMINATED,
        "ends_on": last,
        "terminated_on": last,
        "termination_reason": data.reason,
        "next_warning": None,
        "due_at": None,
    }
    said = resource(work, AgreementTerminated, terminated_on=last, reason=data.reason)
    return await change(work, said, before, changes, action="terminate", reason=data.note)


async def follow_dates(work: Work, rows: Sequence[Agreement]) -> None:
    """Take every step whose day has come, in order: after a week off each of them, none twice."""
    for row in rows:
        current = row
        while current.due_at is not None and current.due_at <= clock.now():
            current = await _step(work, current)


async def _step(work: Work, row: Agreement) -> Agreement:
    day = due_day(row.ends_on, row.next_warning)
    if row.next_warning is None:
        # What another version takes up is no end of the agreement.
        fact = None if row.successor_id is not None else AgreementExpired
        changes: dict[str, Any] = {"state": AgreementState.EXPIRED, "due_at": None}
        return await change(work, resource(work, fact, day), row, changes, action="expire")
    warning = next_warning(row.next_warning)
    said = resource(work, AgreementRenewalDue, day, days_left=row.next_warning)
    changes = {"next_warning": warning, "due_at": _due_at(work, row.ends_on, warning)}
    return await change(work, said, row, changes, action="warn")


async def _end(work: Work, former: Agreement, last: date, successor_id: UUID) -> None:
    """The next version takes over: warnings are void, the end of this version is said to nobody."""
    ends_on = last if former.ends_on is None else min(former.ends_on, last)
    await repository.end_cells(work.tx, former.id, ends_on)
    due_at = None if former.state is AgreementState.EXPIRED else _due_at(work, ends_on, None)
    changes = {"ends_on": ends_on, "successor_id": successor_id, "next_warning": None, "due_at": due_at}
    await change(work, resource(work), former, changes, action="follow")


def _last_day(work: Work, one: Agreement, data: AgreementTerminate) -> date:
    earliest = work.today if data.for_cause else work.today + timedelta(one.notice_days)
    last = data.terminated_on or earliest
    if last < earliest:
        detail = f"{earliest} at the earliest"
        error = ValidityInvalid if last < work.today else NoticeTooShort
        raise error(detail, errors=[FieldError("/terminated_on", error.code, detail)])
    if one.ends_on is not None and last > one.ends_on:
        detail = f"the agreement ends on {one.ends_on} by itself"
        raise ValidityInvalid(detail, errors=[FieldError("/terminated_on", ValidityInvalid.code, detail)])
    return last


def _due_at(work: Work, ends_on: date | None, warning: int | None) -> datetime | None:
    day = due_day(ends_on, warning)
    return None if day is None else clock.start_of_day(work.settings.timezone, day)
