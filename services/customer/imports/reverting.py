"""A step of a revert: what an import created is taken back, what it changed is set back, the last row first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from kit.db.columns import OwnedRow
from kit.errors import AppError, Conflict
from kit.security.cipher import DataKey
from kit.work import Work
from services.customer.imports import repository
from services.customer.imports.enums import ImportKind, RowOutcome
from services.customer.imports.models import Import, ImportRow
from services.customer.imports.sealing import open_details
from services.customer.imports.subjects import REVERTED, SUBJECTS, Subject

AT_ONCE: Final = 100
MOVED: Final = "stage"
"""A field that is changed by a move and not set back."""


class Kept(Conflict):
    """Somebody has worked with a row since: it stays."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def revert_rows(work: Work, run: Import, key: DataKey, before: int) -> tuple[int | None, repository.Step]:
    """Take back the next rows above one; the last of them (None at the end) and the counts."""
    rows = await repository.rows_to_revert(work.tx, run.id, before, AT_ONCE)
    if not rows:
        return None, repository.Step()
    subject = SUBJECTS[run.kind]
    known = await subject.load(work, {row.resource_id for row in rows if row.resource_id is not None})
    parents: set[UUID] = set()
    if run.kind is ImportKind.ACCOUNTS:
        parents = await repository.accounts_with_children(work.tx, known.keys(), REVERTED)
    reasons: dict[int, str | None] = {}
    for row in rows:
        try:
            async with work.tx.savepoint():
                reasons[row.row_no] = await _revert(work, run, subject, key, row, known, parents)
        except AppError as refused:
            if refused.retryable:
                raise
            reasons[row.row_no] = refused.code
        except ValidationError:  # what it was once is not allowed any more
            reasons[row.row_no] = "invalid-now"
    await repository.put_reverted(work.tx, run.id, reasons)
    kept = sum(reason is not None for reason in reasons.values())
    return rows[-1].row_no, repository.Step(reverted=len(rows) - kept, kept=kept)


async def _revert(
    work: Work,
    run: Import,
    subject: Subject,
    key: DataKey,
    row: ImportRow,
    known: Mapping[UUID, OwnedRow],
    parents: set[UUID],
) -> str | None:
    """Why some of the row stays, None for nothing; raises Kept, and what a change of the row by hand would raise."""
    now = known.get(row.resource_id) if row.resource_id is not None else None
    if now is None or row.resource_id is None:
        raise Kept("not-found")
    if row.outcome is RowOutcome.CREATED:
        if row.resource_id in parents:
            raise Kept("later-children")
        if now.version != row.resource_version:
            raise Kept("order-placed" if getattr(now, "placement", 0) else "edited-later")
        if getattr(now, "placement", 0):
            raise Kept("order-placed")
        await subject.retire(work, row.resource_id)
        return None
    change: Mapping[str, Sequence[Any]] = open_details(key, run.id, row.row_no, row.details).get("change", {})
    shown = subject.shown(now)
    back = {name: old for name, (old, new) in change.items() if shown.get(name) == new and name != MOVED}
    if back:
        await subject.update(work, row.resource_id, back)
    if len(back) == len(change):
        return None
    return "edited-later" if change.keys() - back.keys() != {MOVED} else "stage-moved"
