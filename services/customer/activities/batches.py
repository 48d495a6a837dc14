"""Upsert of many activities by external id: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.rows import insert_rows, update_rows
from kit.errors import Conflict, FieldError, Taken, VersionMismatch
from kit.records import Change, changed_row, record
from kit.security.principals import Scope
from kit.transitions import next_state
from kit.web.batch import Raced, Results, RowRepeated, decide_rows
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.models import Account
from services.customer.accounts.rules import AccountArchived, OwnerLeft
from services.customer.activities import repository
from services.customer.activities.enums import ActivityState
from services.customer.activities.models import Activity
from services.customer.activities.naming import NAMED, References, load_references, unknown
from services.customer.activities.rules import MOVES, check_open, check_times
from services.customer.activities.schemas import ActivityRow
from services.customer.activities.service import new_activity, resource
from services.customer.directories import service as directories
from services.customer.directories.service import Sellers
from services.customer.leads import service as leads
from services.customer.leads.enums import LeadState
from services.customer.leads.models import Lead
from services.customer.leads.rules import LeadConverted
from services.customer.organisation import service as organisation
from services.customer.organisation.rules import Owners

Pair = tuple[str, str]
FIXED = {"account_id", "account_ref", "lead_id", "external_id", "ended_at"}
"""What a row says that is no field to be edited."""


@dataclass(slots=True)
class _Attempt:
    """What one attempt at a batch knows and has decided so far."""

    work: Work
    scope: Scope
    owners: Owners
    now: datetime
    sellers: Sellers
    refs: References
    accounts: Mapping[UUID, Account]
    account_refs: Mapping[Pair, UUID]
    leads: Mapping[UUID, Lead]
    known: Mapping[Pair, Activity]
    visible: frozenset[UUID]
    """Those of them that the caller sees."""
    seen: set[Pair] = field(default_factory=set)
    created: list[Change[Activity]] = field(default_factory=list)
    updated: list[Change[Activity]] = field(default_factory=list)


async def upsert_activities(work: Work, rows: Sequence[tuple[int, ActivityRow]], results: Results) -> None:
    """Plan, change or complete activities; a result per row. Raises BatchContended."""
    prepare = partial(_prepare, work, [row for _, row in rows])
    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


async def _prepare(work: Work, rows: Sequence[ActivityRow]) -> _Attempt:
    """Leads are held before activities, as a conversion does."""
    held = await leads.hold_leads(work, {row.lead_id for row in rows if row.lead_id is not None})
    locked = await repository.lock_by_external(work.tx, list({row.external_id.pair for row in rows}))
    account_refs = await accounts.find_by_external(work, {row.account_ref.pair for row in rows if row.account_ref})
    ids = {row.account_id for row in rows if row.account_id} | {*account_refs.values()}
    ids |= {one.account_id for one in locked if one.account_id is not None}
    found = await accounts.accounts_by_id(work, ids)
    owned = await leads.owned_leads(work, {one.lead_id for one in locked if one.lead_id is not None})
    scope = await work.scope()
    return _Attempt(
        work,
        scope,
        await organisation.default_owners(
            work, [*(one.owner_id for one in found.values()), *(one.owner_id for one in held.values())]
        ),
        clock.now(),
        await directories.find_sellers(work, {row.owner_id for row in rows if row.owner_id is not None}),
        await load_references(work, rows, ids),
        found,
        account_refs,
        held,
        {(one.external_source or "", one.external_id or ""): one for one in locked},
        frozenset(
            one.id for one in locked if scope.sees(one.owner_id) or one.account_id in found or one.lead_id in owned
        ),
    )


def _decide(attempt: _Attempt, row: ActivityRow) -> tuple[str, UUID]:
    """What becomes of one row: (status, activity id); raises AppError when it is refused."""
    pair = row.external_id.pair
    if pair in attempt.seen:
        raise RowRepeated(errors=[FieldError("/external_id", "repeated", "see an earlier row")])
    before = attempt.known.get(pair)
    if before is None:
        made = _new(attempt, row)
        attempt.created.append(Change(None, made))
        attempt.seen.add(pair)
        return "created", made.id
    if before.id not in attempt.visible:
        raise Taken("activity", "external_id")
    one = changed_row(before, _given(attempt, before, row))
    attempt.seen.add(pair)
    if not one.changed:
        return "unchanged", before.id
    check_open(before.state, one.changed)
    if one.after.state is not before.state:
        check_times(one.after.started_at, one.after.ended_at or attempt.now, attempt.now)
    attempt.refs.check(one.after, [name for name in NAMED if name in one.changed])
    if "owner_id" in one.changed:
        _check_owner(attempt, one.after.owner_id)
    attempt.updated.append(one)
    return "updated", before.id


def _new(attempt: _Attempt, row: ActivityRow) -> Activity:
    account, lead = _account_of(attempt, row), attempt.leads.get(row.lead_id) if row.lead_id is not None else None
    if row.lead_id is not None and lead is None:
        raise unknown("lead_id")
    if lead is not None and lead.state is LeadState.CONVERTED:
        raise LeadConverted(extra={"account_id": str(lead.account_id)})
    _check_owner(attempt, row.owner_id)
    made = new_activity(row, account, lead, attempt.owners)
    attempt.refs.check(made, NAMED)
    if row.outcome is None:
        return made
    ended_at = row.ended_at or attempt.now
    check_times(row.started_at, ended_at, attempt.now)
    return made.model_copy(
        update={"state": ActivityState.COMPLETED, "outcome": row.outcome, "ended_at": ended_at},
    )


def _account_of(attempt: _Attempt, row: ActivityRow) -> Account | None:
    if row.account_id is None and row.account_ref is None:
        return None
    account_id = attempt.account_refs.get(row.account_ref.pair) if row.account_ref else row.account_id
    account = attempt.accounts.get(account_id) if account_id else None
    if account is None:
        raise unknown("account", "/account_ref" if row.account_ref else "/account_id")
    if account.is_archived:
        raise AccountArchived()
    return account


def _given(attempt: _Attempt, before: Activity, row: ActivityRow) -> dict[str, Any]:
    """What a row says of an activity that is there; with an outcome it ends, unless it has ended."""
    given = row.given()
    named = attempt.account_refs.get(row.account_ref.pair) if row.account_ref else row.account_id
    if (row.account_ref or row.account_id) and named != before.account_id:
        raise Conflict("an activity stays with its account")
    if row.lead_id not in (None, before.lead_id):
        raise Conflict("an activity stays with its lead")
    fields = {name: value for name, value in given.items() if name not in FIXED}
    if fields.get("owner_id", before) is None:
        del fields["owner_id"]
    if row.outcome is None:
        fields.pop("outcome", None)
        return fields
    if before.state is ActivityState.COMPLETED:
        return fields | ({"ended_at": row.ended_at} if row.ended_at is not None else {})
    state = next_state("activity", MOVES, "complete", before.state)
    return fields | {"state": state, "ended_at": row.ended_at or attempt.now}


def _check_owner(attempt: _Attempt, owner_id: UUID | None) -> None:
    """Raises UnknownReference, OwnerLeft, as `accounts.check_owner` does of one that is named."""
    if owner_id is None:
        return
    if owner_id not in attempt.sellers.known or not attempt.scope.sees(owner_id):
        raise accounts.unknown_owner(owner_id)
    if owner_id in attempt.sellers.left:
        raise OwnerLeft(owner_id)


async def _write(attempt: _Attempt) -> None:
    """Everything at once; raises Raced when another transaction took an external id meanwhile."""
    work, tx = attempt.work, attempt.work.tx
    created = [one.after for one in attempt.created]
    if await insert_rows(tx, Activity, created, "ON CONFLICT DO NOTHING") != len(created):
        raise Raced
    try:
        await update_rows(tx, Activity, [one.after for one in attempt.updated])
    except VersionMismatch:
        raise Raced from None
    await record(work, resource(work), attempt.created, action="create")
    await record(work, resource(work), attempt.updated, action="change")
