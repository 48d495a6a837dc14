"""Conflicts that findings open, and those that they join.

One conflict lives of the same kind, parties and place: whoever opens one or adds to it holds the advisory lock of its
kind and parties, and a unique index stands behind. What shows a conflict shows it once, whatever becomes of it; what
was decided covers its days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit import clock
from kit.events import outbox
from kit.events.contract import Published
from kit.ids import new_id
from kit.records import Change, Resource, changed_row, fresh, record
from kit.work import Work
from services.channels.channel_policies.models import ConflictRules
from services.channels.conflicts import repository
from services.channels.conflicts.enums import ConflictState, ConflictSubject
from services.channels.conflicts.findings import Finding, together
from services.channels.conflicts.gathering import Gathered, Gathering, Piece, keys_of, orders_in, snapshot_of
from services.channels.conflicts.models import Conflict, ConflictEvidence
from services.channels.conflicts.repository import Worth
from services.channels.conflicts.rules import WORKING_DAYS, lock_number, sealed
from services.channels.deals.rules import ONE_DAY
from services.channels.directory import service as directory
from services.channels.events_out.conflicts import ConflictOpened, ConflictResolved

NOUN = "conflict"
AUDITED = ("number", "kind", "severity", "partner_ids", "place", "account_id", "owner_id", "opened_on")
UNAUDITED = ("order_ids",)
"""Each is in its evidence; all of them with every order that joins would be the square of them."""
MOST_NAMED = 1_000
"""Orders that a conflict names, those that were found first; its evidence has them all."""


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
    known = await repository.found_before(work.tx, {each for one in found for each in (one.subject.id, *one.orders)})
    keys = keys_of(found)
    live = await repository.live_ones(work.tx, keys)
    gathering = Gathering(known, live, await repository.covers(work.tx, keys))
    for one in found:
        gathering.take(one)
    touched = gathering.touched
    if touched:
        await _keep(work, touched, await _write(work, rules, touched))


async def _write(work: Work, rules: ConflictRules, touched: Sequence[Gathered]) -> list[Conflict]:
    """Write what opens and what is joined, and say what opens; returns the conflicts as they are then."""
    orders = {each for one in touched for each in orders_in(one.pieces)}
    orders |= {each for one in touched if one.opening is not None for each in one.opening.order_ids}
    worths = await repository.worths_of(work.tx, orders)
    opened = await _opened(work, rules, [one for one in touched if one.opening is not None], worths)
    joined: list[Change[Conflict]] = []
    after: list[Conflict] = []
    for one in touched:
        before: Conflict = opened[id(one)].after if one.conflict is None else one.conflict
        if one.joining:
            joined.append(changed_row(before, _joined(before, one.joining, worths)))
            before = joined[-1].after
        after.append(before)
    is_new = [one.conflict is None for one in touched]
    await repository.add_conflicts(work.tx, [row for row, new in zip(after, is_new, strict=True) if new])
    await repository.change_conflicts(work.tx, [row for row, new in zip(after, is_new, strict=True) if not new])
    # Further evidence joins what lives; nobody is told.
    await record(work, resource(work, None), list(opened.values()), action="open")
    await record(work, resource(work, None), joined, action="join")
    return after


async def _opened(
    work: Work, rules: ConflictRules, opening: Sequence[Gathered], worths: Mapping[UUID, Worth]
) -> dict[int, Change[Conflict]]:
    """Conflicts that open, as they are then, numbered in their order, each said with what caused it."""
    found: dict[int, Change[Conflict]] = {}
    caused = [(one, one.opening, work.caused_by(one.opening.subject.cause)) for one in opening if one.opening]
    events, numbers, dues = [], {}, {}
    for year, count in sorted(Counter(at.today.year for _one, _finding, at in caused).items()):
        numbers[year] = iter(await repository.take_numbers(work.tx, year, count))
    for one, finding, at in caused:
        if at.today not in dues:
            dues[at.today] = await due(at, ConflictState.OPENED)
        given = {
            **dues[at.today],
            "number": f"CF-{at.today.year}-{next(numbers[at.today.year]):06d}",
            "severity": rules.severities[finding.kind],
            "evidence_count": len(one.opened_with),
            "opened_on": at.today,
        }
        found[id(one)] = new = Change(None, Conflict.model_validate({**fresh(), **given, **_found(finding, worths)}))
        said = resource(at, ConflictOpened).said(new)
        events += [] if said is None else [outbox.compose(at, said, new.after.version)]
    await outbox.add(work.tx, work.service, events)
    return found


def _found(found: Finding, worths: Mapping[UUID, Worth]) -> dict[str, Any]:
    """What a conflict is about, as a finding opens it."""
    account = found.subject.account
    lines = _lines(found.order_ids, worths)
    return {
        "kind": found.kind,
        "state": ConflictState.OPENED,
        "partner_ids": found.partner_ids,
        "parties": found.parties,
        "place": found.places[0],
        "account_id": found.subject.members[0] if found.cell is None else None,
        "order_ids": found.order_ids[:MOST_NAMED],
        "product_lines": sorted(lines or found.lines),
        "region": found.cell or (account.region if account is not None else None),
        "owner_id": account.owner_id if account is not None else None,
        "value_base": _value(found.order_ids, worths),
        "member_shares": {},
        "partner_shares": {},
    }


def _joined(before: Conflict, joining: Sequence[Piece], worths: Mapping[UUID, Worth]) -> dict[str, Any]:
    """What further evidence changes: each order adds what it comes to as it is found."""
    orders = orders_in(joining)
    room = max(0, MOST_NAMED - len(before.order_ids))
    return {
        "order_ids": sorted({*before.order_ids, *orders[:room]}),
        "product_lines": sorted({*before.product_lines, *_lines(orders, worths)}),
        "value_base": before.value_base + _value(orders, worths),
        "evidence_count": before.evidence_count + len(joining),
    }


def _value(orders: Iterable[UUID], worths: Mapping[UUID, Worth]) -> int:
    return sum(worths[each].value_base for each in orders if each in worths)


def _lines(orders: Iterable[UUID], worths: Mapping[UUID, Worth]) -> set[str]:
    return {line for each in orders if each in worths for line in worths[each].lines}


async def _keep(work: Work, touched: Sequence[Gathered], conflicts: Sequence[Conflict]) -> None:
    """What shows them, each piece by itself: the subject with what it was found by, and orders that it was found
    beside, by the events of their own."""
    pieces = [(row, piece) for one, row in zip(touched, conflicts, strict=True) for piece in one.pieces]
    beside = {piece.subject_id for _row, piece in pieces if not piece.is_own}
    events = await repository.events_of(work.tx, beside) if beside else {}
    own = [piece.finding for _row, piece in pieces if piece.is_own]
    parts = await repository.parts_of(
        work.tx,
        orders_in(piece for _row, piece in pieces),
        {each for one in own for each in one.claims},
        {each for one in own for each in one.agreements},
        {one.subject.id for one in own if one.subject.kind is ConflictSubject.OPPORTUNITY},
    )
    rows = []
    for conflict, piece in pieces:
        cause, snapshot = piece.finding.subject.cause, snapshot_of(piece, parts)
        rows.append(
            ConflictEvidence(
                id=new_id(),
                conflict_id=conflict.id,
                kind=piece.finding.kind,
                parties=piece.finding.parties,
                subject=piece.kind,
                subject_id=piece.subject_id,
                source_event_id=cause.id if piece.is_own else events.get(piece.subject_id, cause.id),
                found_on=work.caused_by(cause).today,
                found_at=clock.now(),
                snapshot=snapshot,
                sha256=sealed(snapshot),
            )
        )
    await repository.add_evidence(work.tx, rows)
