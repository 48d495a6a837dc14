"""Conflicts that findings open, and those that they join.

One conflict lives of the same kind, parties and place: whoever opens one or adds to it holds the advisory lock of its
kind and parties, and a unique index stands behind. What shows a conflict shows it once, whatever becomes of it; what
was decided covers its days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit import clock
from kit.events.contract import Published
from kit.ids import new_id
from kit.records import Change, Resource, add, change, fresh
from kit.work import Work
from services.channels.channel_policies.models import ConflictRules
from services.channels.conflicts import repository
from services.channels.conflicts.enums import ConflictState, ConflictSubject
from services.channels.conflicts.findings import Finding, together
from services.channels.conflicts.models import Conflict, ConflictEvidence
from services.channels.conflicts.rules import WORKING_DAYS, lock_number, sealed
from services.channels.deals.rules import ONE_DAY
from services.channels.directory import service as directory
from services.channels.events_out.conflicts import ConflictOpened, ConflictResolved

NOUN = "conflict"
AUDITED = ("number", "kind", "severity", "partner_ids", "place", "account_id", "owner_id", "opened_on")
UNAUDITED = ("order_ids",)
"""Each is in its evidence; all of them with every order that joins would be the square of them."""


def resource(work: Work, fact: type[ConflictOpened | ConflictResolved] | None, **more: Any) -> Resource[Conflict]:
    """Conflicts of which a change says a fact."""

    def said(one: Change[Conflict]) -> Published | None:
        if fact is None:
            return None
        named = {
            "changed": [name for name in one.changed if name in fact.model_fields],
            "business_date": work.today,
        }
        return fact.of(one.after, **named | more)

    return Resource(NOUN, Conflict, said, audited=AUDITED, unaudited=UNAUDITED)


async def due(work: Work, state: ConflictState) -> dict[str, date | datetime | bool | None]:
    """Columns of what becomes due in a state that is entered today; none of a decided one."""
    days = WORKING_DAYS.get(state)
    if days is None:
        return {"due_on": None, "due_at": None, "is_late": False}
    calendar = await directory.company_calendar(work)
    due_on = calendar.add_working_days(work.today, days)
    return {"due_on": due_on, "due_at": clock.start_of_day(work.settings.timezone, due_on + ONE_DAY), "is_late": False}


async def open_conflicts(work: Work, rules: ConflictRules, findings: Iterable[Finding]) -> None:
    """Open or join a conflict for each finding that was not made before and is of no day that a decision covers."""
    found = together(findings)
    if not found:
        return
    await repository.hold_locks(work.tx, sorted({lock_number(f"{one.kind} {one.parties}") for one in found}))
    ids = {each for one in found for each in (one.subject.id, *one.orders)}
    known = await repository.found_before(work.tx, ids)
    for one in found:
        if (one.subject.id, one.kind, one.parties) in known:
            continue
        of = (one.kind, one.parties, one.places)
        if await repository.is_covered(work.tx, *of, one.subject.day):
            continue
        fresh_ids = [each for each in one.shown if (each, one.kind, one.parties) not in known]
        live = await repository.find_live(work.tx, *of)
        at, count = work.caused_by(one.subject.cause), len(fresh_ids)
        conflict = await (_open(at, rules, one, count) if live is None else _join(at, live, one, count))
        await _keep(at, one, conflict, fresh_ids)
        known |= {(each, one.kind, one.parties) for each in fresh_ids}


async def _open(work: Work, rules: ConflictRules, found: Finding, count: int) -> Conflict:
    account = found.subject.account
    worth = await repository.worth_of(work.tx, found.order_ids)
    conflict = Conflict.model_validate(
        {
            **fresh(),
            **await due(work, ConflictState.OPENED),
            "number": f"CF-{work.today.year}-{await repository.next_number(work.tx, work.today.year):06d}",
            "kind": found.kind,
            "state": ConflictState.OPENED,
            "severity": rules.severities[found.kind],
            "partner_ids": found.partner_ids,
            "parties": found.parties,
            "place": found.places[0],
            "account_id": found.subject.members[0] if found.cell is None else None,
            "order_ids": found.order_ids,
            "product_lines": sorted(worth.lines or found.lines),
            "region": found.cell or (account.region if account is not None else None),
            "owner_id": account.owner_id if account is not None else None,
            "value_base": worth.value_base,
            "evidence_count": count,
            "opened_on": work.today,
            "member_shares": {},
            "partner_shares": {},
        }
    )
    return await add(work, resource(work, ConflictOpened), conflict, action="open")


async def _join(work: Work, live: Conflict, found: Finding, count: int) -> Conflict:
    """Further evidence joins the conflict that lives; nobody is told."""
    order_ids = sorted({*live.order_ids, *found.order_ids})
    worth = await repository.worth_of(work.tx, order_ids)
    changes = {
        "order_ids": order_ids,
        "product_lines": sorted(worth.lines),
        "value_base": worth.value_base,
        "evidence_count": live.evidence_count + count,
    }
    return await change(work, resource(work, None), live, changes, action="join")


async def _keep(work: Work, found: Finding, conflict: Conflict, shown: Sequence[UUID]) -> None:
    """What shows it, each piece by itself: the subject with what it was found by, and orders that it was found beside,
    by the events of their own."""
    events = await repository.events_of(work.tx, found.orders) if found.orders else {}
    for each in shown:
        is_subject = each == found.subject.id
        kind = found.subject.kind if is_subject else ConflictSubject.ORDER
        snapshot = await repository.snapshot(
            work.tx,
            [each] if kind is ConflictSubject.ORDER else [],
            found.claims if is_subject else [],
            sorted(set(found.agreements)) if is_subject else [],
            [each] if kind is ConflictSubject.OPPORTUNITY else [],
        )
        snapshot["prices"] = list(found.prices) if is_subject else []
        row = ConflictEvidence(
            id=new_id(),
            conflict_id=conflict.id,
            kind=found.kind,
            parties=found.parties,
            subject=kind,
            subject_id=each,
            source_event_id=found.subject.cause.id if is_subject else events.get(each, found.subject.cause.id),
            found_on=work.today,
            found_at=clock.now(),
            snapshot=snapshot,
            sha256=sealed(snapshot),
        )
        await repository.add_evidence(work.tx, row)
