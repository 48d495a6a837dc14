"""Deals that are decided on, extended, given up; what dates bring about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import StateConflict
from kit.records import change
from kit.transitions import next_state
from kit.work import Work
from services.channels.deals import claims, repository
from services.channels.deals.enums import DealState
from services.channels.deals.models import Deal
from services.channels.deals.rules import (
    MAX_EXTENSIONS,
    MOVES,
    ExtensionsUsed,
    due_day,
    first_warning,
    next_warning,
    partner_lock,
    protected_until,
)
from services.channels.deals.schemas import DealApprove, DealExtend, DealReject, DealWithdraw
from services.channels.deals.service import NOUN, hold_first, require_deal, resource
from services.channels.events_out.deals import (
    DealApproved,
    DealExpired,
    DealExpiring,
    DealExtended,
    DealRejected,
    DealWithdrawn,
)
from services.channels.promotions.rules import SamePerson


async def approve_deal(work: Work, deal_id: UUID, data: DealApprove) -> Deal:
    """Protect the claim of somebody else, the first on its customer; an order that came meanwhile wins it at once.
    Raises NotFound, DuplicateDeal, StateConflict, SamePerson."""
    found = await hold_first(work, await require_deal(work, deal_id))
    before: Deal = await _undecided(work, deal_id, "approve")
    until = protected_until(work.today)
    changes = {
        "state": DealState.APPROVED,
        "account_id": before.account_id or found.only,
        "decided_by": work.actor.subject,
        "decision_note": data.note,
        **_protection(work, until),
    }
    after: Deal = await change(work, resource(work, DealApproved), before, changes, action="approve", reason=data.note)
    order_id = await repository.keep_orders(work.tx, after.id, until)
    return after if order_id is None else await claims.win(work, after, order_id)


async def reject_deal(work: Work, deal_id: UUID, data: DealReject) -> Deal:
    """Refuse the claim of somebody else; raises NotFound, StateConflict, SamePerson."""
    before: Deal = await _undecided(work, deal_id, "reject")
    changes = {
        "state": DealState.REJECTED,
        "rejection": data.reason,
        "decided_by": work.actor.subject,
        "decision_note": data.note,
        "due_at": None,
    }
    await repository.drop_orders(work.tx, before.id)
    said = resource(work, DealRejected, reason=data.reason)
    return await change(work, said, before, changes, action="reject", reason=data.note)


async def extend_deal(work: Work, deal_id: UUID, data: DealExtend) -> Deal:
    """Prolong a protection that has not ended, of the first claim on its customer; raises NotFound, DuplicateDeal,
    StateConflict, ExtensionsUsed."""
    await hold_first(work, await require_deal(work, deal_id))
    before: Deal = await require_deal(work, deal_id, lock=True)
    state = next_state(NOUN, MOVES, "extend", before.state)
    # Whoever has waited over midnight may have been passed by a claim of the new day.
    if before.protected_until is None or before.protected_until < clock.business_date(work.settings.timezone):
        raise StateConflict(NOUN, "extend", DealState.EXPIRED, MOVES["extend"].sources)
    if before.extensions >= MAX_EXTENSIONS:
        raise ExtensionsUsed()
    until = before.protected_until + timedelta(data.days)
    changes = {"state": state, "extensions": before.extensions + 1, **_protection(work, until)}
    return await change(work, resource(work, DealExtended), before, changes, action="extend", reason=data.evidence)


async def withdraw_deal(work: Work, deal_id: UUID, data: DealWithdraw) -> Deal:
    """Give a claim up; raises NotFound, StateConflict."""
    before: Deal = await require_deal(work, deal_id, lock=True)
    return await _withdraw(work, before, data.reason, data.note)


async def withdraw_all(work: Work, partner_id: UUID, reason: str) -> None:
    """Give all open claims of a partner up (there are few, `MAX_OPEN`), under the lock that new ones wait for."""
    await repository.hold_locks(work.tx, [partner_lock(str(partner_id))])
    for deal in await repository.lock_open(work.tx, partner_id):
        await _withdraw(work, deal, reason, "")


async def _withdraw(work: Work, before: Deal, reason: str, note: str) -> Deal:
    state = next_state(NOUN, MOVES, "withdraw", before.state)
    await repository.drop_orders(work.tx, before.id)
    changes = {"state": state, "next_warning": None, "due_at": None}
    said = resource(work, DealWithdrawn, reason=reason)
    return await change(work, said, before, changes, action="withdraw", reason=note)


async def follow_dates(work: Work, rows: Sequence[Deal]) -> None:
    """Take every step whose day has come, in order: after a week off each of them, none twice."""
    for row in rows:
        current = row
        while current.due_at is not None and current.due_at <= clock.now():
            current = await _step(work, current)


async def _step(work: Work, row: Deal) -> Deal:
    if row.state is DealState.REGISTERED or row.protected_until is None:
        # Late is said, the claim stays.
        late = {"is_review_late": True, "due_at": None}
        return await change(work, resource(work, None), row, late, action="become late")
    day = due_day(row.protected_until, row.next_warning)
    if row.next_warning is None:
        over = {"state": DealState.EXPIRED, "due_at": None}
        return await change(work, resource(work, DealExpired, day), row, over, action="expire")
    said = resource(work, DealExpiring, day, days_left=row.next_warning)
    warning = next_warning(row.next_warning)
    changes = {"next_warning": warning, "due_at": _due_at(work, row.protected_until, warning)}
    return await change(work, said, row, changes, action="warn")


async def _undecided(work: Work, deal_id: UUID, action: str) -> Deal:
    before = await require_deal(work, deal_id, lock=True)
    next_state(NOUN, MOVES, action, before.state)
    if work.actor.subject == before.registered_by:
        raise SamePerson()
    return before


def _protection(work: Work, until: date) -> dict[str, Any]:
    """Columns of a protection until a day, and of what becomes due of it."""
    warning = first_warning(until, work.today)
    return {"protected_until": until, "next_warning": warning, "due_at": _due_at(work, until, warning)}


def _due_at(work: Work, until: date, warning: int | None) -> datetime:
    return clock.start_of_day(work.settings.timezone, due_day(until, warning))
