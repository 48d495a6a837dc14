"""The life of a row that commands change: added, found, changed; each change announced and audited in one call.

A slice describes its resource once (`PARTNERS = Resource("partner", Partner, ...)`); the functions here serve all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import asyncpg

from kit import clock
from kit.db.columns import OwnedRow
from kit.db.rows import insert_rows, select_sql, update_row
from kit.db.text_keys import code_sql, fold_code, keys_of
from kit.errors import Conflict, LostRace, NotFound, Taken
from kit.events import outbox
from kit.events.contract import Published
from kit.ids import new_id
from kit.security import audit
from kit.security.audit import AuditEntry
from kit.security.pii import SENSITIVE_FIELDS
from kit.versions import Versions
from kit.work import Work

R = TypeVar("R", bound=OwnedRow)


class Change(NamedTuple, Generic[R]):
    """A row before (None: it is new) and after, and the fields that differ."""

    before: R | None
    after: R
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource(Generic[R]):
    """What is the same for every row of a kind.

    `said` makes the event of a change (None: nobody is told). `audited` are the fields that a creation keeps in the
    audit log, a change keeps those that differ, but for the `unaudited`: lists that grow without an end, whose parts
    are kept elsewhere. `unique` are columns of one unique index each. `owner` names the column that decides who sees
    the row ("": whoever may read the resource). Of `hashed` fields, which hold what somebody wrote, the audit log keeps
    keyed hashes as of personal ones.
    """

    noun: str
    row: type[R]
    said: Callable[[Change[R]], Published | None]
    audited: tuple[str, ...]
    unique: tuple[str, ...] = ()
    owner: str = ""
    unaudited: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()

    def kept(self, one: Change[R]) -> tuple[str, ...]:
        """Fields of a change that the audit log keeps."""
        return tuple(name for name in one.changed or self.audited if name not in self.unaudited)


def fresh() -> dict[str, Any]:
    """What every new row begins with: id, version 1, the time."""
    now = clock.now()
    return {"id": new_id(), "version": 1, "created_at": now, "updated_at": now}


async def add(work: Work, resource: Resource[R], row: R, *, action: str = "create") -> R:
    """Insert, announce and audit a new row; raises Taken for the first unique column that another row has."""
    if not await insert_rows(work.tx, resource.row, [row], "ON CONFLICT DO NOTHING"):
        raise await taken(work, resource, row)
    await record(work, resource, [Change(None, row)], action=action)
    return row


async def taken(work: Work, resource: Resource[R], row: R) -> Conflict:
    """Which unique value of a row another one has; names that one where the caller may see it."""
    keys = keys_of(resource.row)
    for column in resource.unique:
        value, is_code = getattr(row, column), keys is not None and column in keys.codes
        sql = select_sql(resource.row, f"{code_sql(column) if is_code else column} = $1 AND id <> $2 LIMIT 1")
        other = await work.tx.row(resource.row, sql, fold_code(value) if is_code else value, row.id)
        if other is not None:
            return Taken(resource.noun, column, other.id if await _is_visible(work, resource, other) else None)
    return LostRace()


async def _is_visible(work: Work, resource: Resource[R], row: R) -> bool:
    return not resource.owner or (await work.scope()).sees(getattr(row, resource.owner))


async def require(
    work: Work, resource: Resource[R], row_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> R:
    """The row by id, locked on request; raises NotFound (also for one outside the caller's scope), VersionMismatch.

    A change of whichever version the row has waits for those under way, as nothing else keeps it from losing to one.
    """
    lock = lock or (version is not None and version.named is None)
    sql = select_sql(resource.row, "id = $1 FOR NO KEY UPDATE" if lock else "id = $1")
    row = await work.tx.row(resource.row, sql, row_id)
    if row is None or not await _is_visible(work, resource, row):
        raise NotFound(what=resource.noun)
    if version is not None:
        version.check(row.version)
    return row


async def change(
    work: Work,
    resource: Resource[R],
    before: R,
    changes: Mapping[str, Any],
    *,
    action: str = "change",
    reason: str = "",
) -> R:
    """Write what differs, announce and audit it; returns the row as it is then. When nothing differs nothing is
    written and nothing said. Raises VersionMismatch when the row has moved on, Taken."""
    result = changed_row(before, changes)
    if not result.changed:
        return before
    written = {name: getattr(result.after, name) for name in (*result.changed, "updated_at")}
    keys = keys_of(resource.row)
    if keys is not None and set(result.changed) & set(keys.sources):
        written |= keys.made(result.after.__dict__)
    if set(result.changed) & set(resource.unique):
        try:
            async with work.tx.savepoint():
                await update_row(work.tx, resource.row, before.id, before.version, written)
        except asyncpg.UniqueViolationError:
            raise await taken(work, resource, result.after) from None
    else:
        await update_row(work.tx, resource.row, before.id, before.version, written)
    await record(work, resource, [result], action=action, reason=reason)
    return result.after


def changed_row(before: R, changes: Mapping[str, Any]) -> Change[R]:
    """The row with `changes` (columns and their values, of the types of the row or as JSON has them)."""
    unknown = changes.keys() - type(before).model_fields.keys()
    if unknown:
        raise TypeError(f"{type(before).__name__} has no {', '.join(sorted(unknown))}")
    after = type(before).model_validate({**before.__dict__, **changes})
    changed = tuple(name for name in changes if getattr(after, name) != getattr(before, name))
    if not changed:
        return Change(before, before)
    return Change(before, after.model_copy(update={"version": before.version + 1, "updated_at": clock.now()}), changed)


async def record(
    work: Work, resource: Resource[R], changes: Sequence[Change[R]], *, action: str, reason: str = ""
) -> None:
    """Announce and audit changes of rows that were written, in their order; two statements for any number."""
    said = [(payload, one.after.version) for one in changes if (payload := resource.said(one)) is not None]
    await outbox.say(work, said)
    entries = [
        AuditEntry(
            actor=work.actor.subject,
            roles=sorted(work.actor.roles),
            action=action,
            resource=resource.noun.replace("-", "_"),
            resource_id=str(one.after.id),
            before=shown(one.before, resource.kept(one)) if one.before else None,
            after=shown(one.after, resource.kept(one)),
            reason=reason,
        )
        for one in changes
    ]
    await audit.record_many(work.tx, entries, key=work.secret, pii=SENSITIVE_FIELDS.union(resource.hashed))


async def audit_added(work: Work, resource: str, row_id: UUID, values: Mapping[str, Any]) -> None:
    """Audit a new row that never changes (facts, entries); `values` as JSON has them."""
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action="create",
        resource=resource,
        resource_id=str(row_id),
        before=None,
        after=values,
        key=work.secret,
    )


async def audit_seen(work: Work, resource: str, ids: Sequence[UUID]) -> None:
    """Audit that personal values of these rows are answered in full: one row for an answer, none for an empty one."""
    if ids:
        await audit.record(
            work.tx,
            actor=work.actor.subject,
            roles=sorted(work.actor.roles),
            action="read",
            resource=resource,
            resource_id=str(ids[0]) if len(ids) == 1 else "",
            before=None,
            after={"ids": [str(row_id) for row_id in ids]},
            key=work.secret,
        )


def shown(row: OwnedRow, names: Sequence[str]) -> dict[str, Any]:
    """Fields of a row as JSON has them."""
    return row.model_dump(mode="json", include=set(names))
