"""Use cases of credit profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Row, Tx
from kit.db.rows import update_row
from kit.errors import Conflict, FieldError, NotFound, UnknownReference
from kit.security import audit
from kit.security.principals import Actor
from kit.web.batch import Results
from services.risk.events_in import AccountHeard
from services.risk.profiles import repository
from services.risk.profiles.models import CreditProfile
from services.risk.profiles.schemas import CreditProfileRow, CreditProfileUpdate


class CreditProfileNotFound(NotFound):
    code, title = "credit-profile-not-found", "No such credit profile"


class RowRepeated(Conflict):
    code, title = "row-repeated", "An earlier row of this batch is about the same account"


async def create_profiles(tx: Tx, accounts: Sequence[AccountHeard], limit: int) -> None:
    """Give new accounts a profile with the policy's limit (minor units of the base currency)."""
    by_id = {account.id: account for account in accounts}
    rows = [
        {
            "id": account_id,
            "stream_key": account.stream_key,
            "credit_limit": limit,
            "is_on_hold": False,
            "version": 1,
            "created_at": clock.now(),
            "updated_at": clock.now(),
        }
        for account_id, account in sorted(by_id.items())
    ]
    await repository.add_profiles(tx, rows)


async def require_profile(tx: Tx, account_id: UUID, where: str, args: Sequence[object]) -> Row:
    """The profile of an account inside the record scope; raises CreditProfileNotFound."""
    row = await repository.get_profile(tx, account_id, where, args)
    if row is None:
        raise CreditProfileNotFound()
    return row


async def change_limit(
    tx: Tx, actor: Actor, account_id: UUID, version: int, data: CreditProfileUpdate, *, key: bytes
) -> Row:
    """Set a limit; waits for decisions under way, and later ones see it. Raises VersionMismatch."""
    before = await require_profile(tx, account_id, "TRUE", ())
    changes = {"credit_limit": data.credit_limit, "updated_at": clock.now()}
    await update_row(tx, CreditProfile, account_id, version, changes)
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action="change_limit",
        resource="credit_profile",
        resource_id=str(account_id),
        before={"credit_limit": before["credit_limit"]},
        after={"credit_limit": data.credit_limit},
        reason=data.reason,
        key=key,
    )
    return await require_profile(tx, account_id, "TRUE", ())


async def change_limits(
    tx: Tx, actor: Actor, rows: Sequence[tuple[int, CreditProfileRow]], results: Results, *, key: bytes
) -> dict[str, Any]:
    """Set many limits; an account without a profile is an unknown reference of its row."""
    found = await repository.lock_profiles(tx, sorted({row.account_id for _index, row in rows}))
    changes: dict[UUID, dict[str, Any]] = {}
    entries: list[audit.AuditEntry] = []
    seen: set[UUID] = set()
    for index, row in rows:
        profile = found.get(row.account_id)
        if profile is None:
            unknown = FieldError("/account_id", "unknown-reference", "no account of this id yet")
            results.refuse(index, UnknownReference(errors=[unknown]))
        elif row.account_id in seen:
            results.refuse(index, RowRepeated(errors=[FieldError("/account_id", "repeated", "see an earlier row")]))
        elif profile["credit_limit"] == row.credit_limit:
            results.done(index, "unchanged", row.account_id)
        else:
            changes[row.account_id] = {"id": row.account_id, "credit_limit": row.credit_limit}
            entries.append(_entry(actor, row, profile["credit_limit"]))
            results.done(index, "updated", row.account_id)
        seen.add(row.account_id)
    await repository.set_limits(tx, list(changes.values()))
    await audit.record_many(tx, entries, key=key)
    return results.answer()


def _entry(actor: Actor, row: CreditProfileRow, before: int) -> audit.AuditEntry:
    return audit.AuditEntry(
        actor=actor.subject,
        roles=sorted(actor.roles),
        action="change_limit",
        resource="credit_profile",
        resource_id=str(row.account_id),
        before={"credit_limit": before},
        after={"credit_limit": row.credit_limit},
        reason=row.reason,
    )
