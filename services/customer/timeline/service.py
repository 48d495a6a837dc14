"""Use cases of timelines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from kit.db.cursors import decode_cursor, encode_cursor
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.timeline import repository
from services.customer.timeline.enums import TimelineKind
from services.customer.timeline.models import After, Entry


async def timeline(
    work: Work, account_id: UUID, kinds: Collection[TimelineKind], limit: int, cursor: str | None
) -> tuple[Sequence[Entry], str | None]:
    """A page of what happened with an account, the latest first, and the cursor of the next one. Who sees an account
    sees all of it. Raises NotFound, BadQuery."""
    group = await accounts.group_of(work, (await accounts.get_account(work, account_id)).leads_to)
    chosen = sorted(set(kinds) or set(TimelineKind))
    query = f"timeline {account_id} {' '.join(chosen)}".encode()
    after = None if cursor is None else _after(decode_cursor(work.secret, query, cursor))
    found = await repository.entries_of(work.tx, group, chosen, work.settings.timezone, limit + 1, after)
    shown = found[:limit]
    if len(found) <= limit:
        return shown, None
    last = shown[-1]
    return shown, encode_cursor(work.secret, query, [last.at.isoformat(), last.place, last.id])


def _after(values: Sequence[object]) -> After:
    at, place, entry_id = values
    return After(datetime.fromisoformat(str(at)), int(str(place)), UUID(str(entry_id)))
