"""Use cases of credit profiles."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.rows import update_rows
from kit.errors import FieldError, NotHeardYet
from kit.records import Resource, change, changed_row, fresh, record, require
from kit.versions import Versions
from kit.web.batch import Results, RowRepeated
from kit.work import Work
from services.risk.events_in import AccountHeard
from services.risk.profiles import repository
from services.risk.profiles.models import CreditProfile, Terms
from services.risk.profiles.schemas import CreditProfileRow, CreditProfileUpdate
from services.risk.settings import settings_of

NOUN = "credit-profile"
PROFILES = Resource(NOUN, CreditProfile, lambda _one: None, audited=("credit_limit", "deposit_share"))


async def create_profiles(work: Work, accounts: Sequence[AccountHeard]) -> None:
    """Give new accounts a profile with the policy's limit; one that has a profile keeps it."""
    limit, by_id = settings_of(work).default_credit_limit, {account.id: account for account in accounts}
    rows = [
        CreditProfile(**{**fresh(), "id": account_id}, stream_key=account.stream_key, credit_limit=limit)
        for account_id, account in sorted(by_id.items())
    ]
    await repository.add_profiles(work.tx, rows)


async def terms_of(work: Work, account_ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """Terms by account id (limit in minor units of the base currency); they cannot change until the work ends."""
    return await repository.terms_of(work.tx, account_ids)


async def change_limit(work: Work, account_id: UUID, version: Versions, data: CreditProfileUpdate) -> CreditProfile:
    """Set terms; waits for decisions under way, and later ones see them. Raises NotFound, VersionMismatch."""
    before = await require(work, PROFILES, account_id, version=version)
    changes = {name: value for name, value in data.given().items() if name in PROFILES.audited}
    return await change(work, PROFILES, before, changes, action="change_limit", reason=data.reason)


async def change_limits(work: Work, rows: Sequence[tuple[int, CreditProfileRow]], results: Results) -> None:
    """Set many limits; an account without a profile is an unknown reference of its row."""
    found = await repository.lock_profiles(work.tx, sorted({row.account_id for _index, row in rows}))
    changed: list[CreditProfile] = []
    seen: set[UUID] = set()
    for index, row in rows:
        profile: CreditProfile | None = found.get(row.account_id)
        if profile is None:
            unknown = FieldError("/account_id", "unknown-reference", "no account of this id yet")
            results.refuse(index, NotHeardYet(errors=[unknown]))
        elif row.account_id in seen:
            results.refuse(index, RowRepeated(errors=[FieldError("/account_id", "repeated", "see an earlier row")]))
        else:
            one = changed_row(profile, {name: row.given()[name] for name in row.given() if name in PROFILES.audited})
            results.done(index, "updated" if one.changed else "unchanged", row.account_id)
            if one.changed:
                changed.append(one.after)
                await record(work, PROFILES, [one], action="change_limit", reason=row.reason)
        seen.add(row.account_id)
    await update_rows(work.tx, CreditProfile, changed)
