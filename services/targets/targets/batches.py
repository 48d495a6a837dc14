"""Root targets by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from kit.db.rows import update_rows
from kit.errors import Conflict, FieldError
from kit.records import Change, changed_row, record
from kit.transitions import next_state
from kit.web.batch import Results, RowRepeated, decide_rows
from kit.work import Work
from services.targets.targets import repository
from services.targets.targets.models import Target
from services.targets.targets.rules import MOVES, NOUN
from services.targets.targets.schemas import TargetRow
from services.targets.targets.service import (
    TARGETS,
    Known,
    TargetDecomposed,
    check_new,
    known_of,
    new_target,
    planned,
    written,
)

_FIXED = (
    "metric",
    "unit_id",
    "member_id",
    "product_line",
    "region",
    "customer_type",
    "channel_id",
    "period_start",
    "period_end",
)
_CHANGED = ("name", "stretch", "owner_id", "commit_until")


class ScopeFixed(Conflict):
    code, title = "target-scope-fixed", "What a target is about never changes"


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    known: Known
    targets: dict[str, Target]
    decomposed: set[UUID]
    seen: set[str] = field(default_factory=set)
    created: list[Change[Target]] = field(default_factory=list)
    updated: list[Change[Target]] = field(default_factory=list)


async def upsert_targets(work: Work, rows: Sequence[tuple[int, TargetRow]], results: Results) -> None:
    """Make or change root targets; a result per row."""
    await decide_rows(work.tx, rows, results, partial(_prepare, work, [row for _, row in rows]), _decide, _write)


async def _prepare(work: Work, rows: Sequence[TargetRow]) -> _Attempt:
    targets = await repository.lock_by_external(work.tx, {row.external_id for row in rows})
    decomposed = await repository.list_decomposed(work.tx, [one.id for one in targets.values()])
    return _Attempt(work, await known_of(work, rows), targets, decomposed)


def _decide(attempt: _Attempt, row: TargetRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, id); raises AppError when it is refused."""
    if row.external_id in attempt.seen:
        raise RowRepeated(errors=[FieldError("/external_id", "repeated", "see an earlier row")])
    attempt.seen.add(row.external_id)
    check_new(attempt.work, row, attempt.known)
    before = attempt.targets.get(row.external_id)
    if before is None:
        target = new_target(attempt.work, row)
        attempt.created.append(Change(None, target))
        return "created", target.id
    for name in _FIXED:
        if getattr(row, name) != getattr(before, name):
            raise ScopeFixed(errors=[FieldError(f"/{name}", "fixed", f"it is {getattr(before, name)}")])
    changes = {name: getattr(row, name) for name in _CHANGED} | planned(row)
    one = changed_row(before, changes)
    if not one.changed:
        return "unchanged", before.id
    next_state(NOUN, MOVES, "update", before.state)
    if {"amount", "base"} & set(one.changed) and before.id in attempt.decomposed:
        raise TargetDecomposed("the children sum to the amount")
    attempt.updated.append(changed_row(before, changes | written(attempt.work)))
    return "updated", before.id


async def _write(attempt: _Attempt) -> None:
    await repository.add_targets(attempt.work.tx, [one.after for one in attempt.created])
    await update_rows(attempt.work.tx, Target, [one.after for one in attempt.updated])
    await record(attempt.work, TARGETS, attempt.created, action="create")
    await record(attempt.work, TARGETS, attempt.updated, action="update")
