"""Members by code: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from kit.db.rows import update_rows
from kit.db.text_keys import fold_code
from kit.errors import FieldError, Taken
from kit.records import Change, changed_row, record
from kit.web.batch import Raced, Results, RowRepeated, decide_rows
from kit.work import Work
from services.targets.credits import service as credit_lines
from services.targets.members import repository
from services.targets.members.models import Member, MemberRow
from services.targets.members.rules import settled
from services.targets.members.schemas import MemberBatchRow
from services.targets.members.service import (
    JOINED,
    MOVED,
    AffectsPostedLines,
    check_places,
    new_member,
    paths_of,
    placed,
    row_of,
    spans_of,
    store,
)
from services.targets.units import service as units
from services.targets.units.models import Unit
from services.targets.units.service import UnitUnknown


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far; `barred` are members whose credited lines an earlier
    attempt would have put into another unit."""

    work: Work
    barred: set[UUID]
    units: Mapping[UUID, Unit]
    members: Mapping[str, Member]
    holders: dict[str, UUID]
    seen: set[str] = field(default_factory=set)
    created: list[Change[Member]] = field(default_factory=list)
    updated: list[Change[Member]] = field(default_factory=list)
    since: dict[UUID, date] = field(default_factory=dict)


async def upsert_members(work: Work, rows: Sequence[tuple[int, MemberBatchRow]], results: Results) -> None:
    """Let members join, or be where and what their rows say; a result per row."""
    prepare = partial(_prepare, work, [row for _, row in rows], set())
    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


async def _prepare(work: Work, rows: Sequence[MemberBatchRow], barred: set[UUID]) -> _Attempt:
    known = await units.hold_units(work, {row.unit_id for row in rows})  # units before members
    # then the logins: a member that another batch has just committed must not be met by its login alone
    holders = await repository.holders_of(work.tx, {row.subject for row in rows if row.subject is not None})
    members = await repository.lock_by_code(work.tx, {fold_code(row.code) for row in rows})
    by_code = {fold_code(one.code): one for one in reversed(members)} | {one.code: one for one in members}
    return _Attempt(work, barred, known, by_code, holders)


def _decide(attempt: _Attempt, row: MemberBatchRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, id); raises AppError when it is refused."""
    code = fold_code(row.code)
    if code in attempt.seen:
        raise RowRepeated(errors=[FieldError("/code", "repeated", "see an earlier row")])
    attempt.seen.add(code)
    if row.unit_id not in attempt.units:
        raise UnitUnknown("/unit_id")
    before: Member | None = attempt.members.get(row.code) or attempt.members.get(code)
    if before is None:
        member = new_member(row, attempt.units[row.unit_id])
        _claim(attempt, row.subject, member.id)
        attempt.created.append(Change(None, member))
        return "created", member.id
    one = changed_row(before, _changes(attempt, row, before))
    if not one.changed:
        return "unchanged", before.id
    if before.id in attempt.barred:
        raise AffectsPostedLines
    if "subject" in one.changed:
        _claim(attempt, row.subject, before.id)
    if "memberships" in one.changed:
        attempt.since[before.id] = row.valid_from
    attempt.updated.append(one)
    return "updated", before.id


def _claim(attempt: _Attempt, subject: str | None, member_id: UUID) -> None:
    """Raises Taken when another member has the login, or had it before this batch."""
    if subject is not None and attempt.holders.setdefault(subject, member_id) != member_id:
        raise Taken("member", "subject", attempt.holders[subject])


def _changes(attempt: _Attempt, row: MemberBatchRow, before: Member) -> dict[str, Any]:
    given = row.given()
    spans = settled(spans_of(before), row.unit_id, row.role, given.get("capacity"), row.valid_from)
    paths = {**paths_of(before), row.unit_id: attempt.units[row.unit_id].path}
    memberships = check_places(placed(spans, paths), attempt.units[row.unit_id])
    changes: dict[str, Any] = {"memberships": memberships, "role": spans[-1].role}
    return changes | {name: given[name] for name in ("subject",) if name in given}


async def _write(attempt: _Attempt) -> None:
    """New members are inserted in the order of their codes, so that batches never wait for each other in a circle."""
    work, created = attempt.work, sorted(attempt.created, key=lambda one: fold_code(one.after.code))
    changes = [*created, *attempt.updated]
    if not changes:
        return
    await repository.add_members(work.tx, [row_of(one.after) for one in created])
    await update_rows(work.tx, MemberRow, [row_of(one.after) for one in attempt.updated])
    await store(work, changes)
    if misplaced := await credit_lines.misplaced_members(work, attempt.since):
        attempt.barred |= misplaced
        raise Raced
    await record(work, JOINED, created, action="create")
    await record(work, MOVED, attempt.updated, action="change")
