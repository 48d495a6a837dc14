"""Use cases of activities."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from uuid import UUID

from kit import clock
from kit.clock import business_date
from kit.db.rows import update_rows
from kit.errors import NotFound, Taken
from kit.records import Change, Resource, add, change, changed_row, fresh, record, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.models import Account
from services.customer.accounts.rules import AccountArchived
from services.customer.activities import repository
from services.customer.activities.enums import ActivityKind, ActivityState
from services.customer.activities.models import Activity
from services.customer.activities.naming import NAMED, load_references, unknown
from services.customer.activities.rules import MOVES, check_open, check_times
from services.customer.activities.schemas import (
    ActivityComplete,
    ActivityContent,
    ActivityCreate,
    ActivityRow,
    ActivityUpdate,
)
from services.customer.events_out.activities import ActivityCompleted
from services.customer.leads import service as leads
from services.customer.leads.models import Lead
from services.customer.organisation import service as organisation
from services.customer.organisation.rules import Owners

AUDITED = ("kind", "account_id", "contact_id", "opportunity_id", "case_id", "lead_id", "owner_id", "due_on")


def _said(work: Work, one: Change[Activity]) -> ActivityCompleted | None:
    """Completion alone is told; it counts on the business date of its end."""
    was = one.before.state if one.before else ActivityState.PLANNED
    if one.after.state == was or one.after.state != ActivityState.COMPLETED:
        return None
    day = business_date(work.settings.timezone, one.after.ended_at)
    changed = one.changed if one.before else ("ended_at", "outcome", "state")
    return ActivityCompleted.of(one.after, changed=changed, business_date=day)


def resource(work: Work) -> Resource[Activity]:
    """Activities as they are told and audited."""
    return Resource("activity", Activity, partial(_said, work), audited=AUDITED, hashed=("notes",))


async def _account(work: Work, account_id: UUID) -> Account:
    try:
        account = await accounts.get_account(work, account_id)
    except NotFound:
        raise unknown("account_id") from None
    if account.is_archived:
        raise AccountArchived()
    return account


async def _lead(work: Work, lead_id: UUID) -> Lead:
    """A lead, held so that it is not converted meanwhile; raises UnknownReference, LeadConverted."""
    try:
        lead = await leads.get_lead(work, lead_id, lock=True)
    except NotFound:
        raise unknown("lead_id") from None
    await leads.require_open(work, lead)
    return lead


def new_activity(
    data: ActivityCreate | ActivityRow, account: Account | None, lead: Lead | None, owners: Owners
) -> Activity:
    """A planned activity; `owners` says whose it is by default."""
    new, of, ref = fresh(), account or lead, data.external_id
    values = data.model_dump(include=set(ActivityContent.model_fields)) | {
        "account_id": account.id if account else None,
        "owner_id": data.owner_id or owners.default(of.owner_id if of else None),
        "stream_key": account.stream_key if account else new["id"],
        "external_source": ref.source if ref else None,
        "external_id": ref.id if ref else None,
    }
    return Activity.model_validate(values | new)


async def create_activity(work: Work, data: ActivityCreate) -> Activity:
    """Plan an activity; raises UnknownReference, AccountArchived, LeadConverted, OwnerLeft, Taken."""
    account = await _account(work, data.account_id) if data.account_id else None
    lead = await _lead(work, data.lead_id) if data.lead_id else None
    if data.owner_id is not None:
        await accounts.check_owner(work, data.owner_id)
    if data.external_id is not None:
        await _refuse_taken(work, data.external_id.pair)
    of = account or lead
    owners = await organisation.default_owners(work, [of.owner_id] if of and not data.owner_id else ())
    made = new_activity(data, account, lead, owners)
    await _check_named(work, made, NAMED)
    return await add(work, resource(work), made)


async def _check_named(work: Work, activity: Activity, named: Collection[str]) -> None:
    account_ids = [activity.account_id] if activity.account_id is not None else []
    if set(named).intersection(NAMED):
        (await load_references(work, [activity], account_ids)).check(activity, named)


async def _refuse_taken(work: Work, pair: tuple[str, str]) -> None:
    for holder in await repository.lock_by_external(work.tx, [pair]):
        raise Taken("activity", "external_id", holder.id if await _is_seen(work, holder) else None)


async def get_activity(
    work: Work, activity_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> Activity:
    """An activity of the caller's scope, by its own owner or its account's; raises NotFound, VersionMismatch."""
    activity = await require(work, resource(work), activity_id, lock=lock or version is not None)
    if not await _is_seen(work, activity):
        raise NotFound(what="activity")
    if version is not None:
        version.check(activity.version)
    return activity


async def _is_seen(work: Work, activity: Activity) -> bool:
    """By its own owner, that of its account or that of its lead."""
    scope = await work.scope()
    if scope.sees(activity.owner_id):
        return True
    if activity.account_id is not None and await accounts.accounts_by_id(work, [activity.account_id]):
        return True
    return activity.lead_id is not None and activity.lead_id in await leads.owned_leads(work, [activity.lead_id])


async def go_along(work: Work, lead_id: UUID, account: Account, contact_id: UUID | None) -> int:
    """Let the activities of a lead, which the caller has locked, be of what it became; how many they are."""
    changes = [_went_along(one, account, contact_id) for one in await repository.lock_of_lead(work.tx, lead_id)]
    await update_rows(work.tx, Activity, [one.after for one in changes])
    await record(work, resource(work), changes, action="convert")
    return len(changes)


def _went_along(before: Activity, account: Account, contact_id: UUID | None) -> Change[Activity]:
    became = {"account_id": account.id, "stream_key": account.stream_key, "contact_id": contact_id}
    return changed_row(before, became)


def _handed_over(before: Activity, to: UUID) -> Change[Activity]:
    return changed_row(before, {"owner_id": to})


async def hand_over(work: Work, account_ids: Collection[UUID], to: UUID, limit: int) -> int:
    """Give activities of accounts, at most so many, to an owner; how many they are. Nobody's scope is asked."""
    found = await repository.lock_not_of(work.tx, account_ids, to, limit)
    changes = [_handed_over(one, to) for one in found]
    await update_rows(work.tx, Activity, [one.after for one in changes])
    await record(work, resource(work), changes, action="transfer")
    return len(changes)


async def update_activity(work: Work, activity_id: UUID, version: Versions, data: ActivityUpdate) -> Activity:
    """Change the fields given; raises NotFound, VersionMismatch, StateConflict, UnknownReference, OwnerLeft."""
    before = await get_activity(work, activity_id, version=version)
    one = changed_row(before, data.given())
    if not one.changed:
        return before
    check_open(before.state, one.changed)
    await _check_named(work, one.after, one.changed)
    if "owner_id" in one.changed and one.after.owner_id is not None:
        await accounts.check_owner(work, one.after.owner_id)
    return await change(work, resource(work), before, data.given())


async def complete_activity(work: Work, activity_id: UUID, data: ActivityComplete) -> Activity:
    """Say how it ended and plan what follows, both or neither; raises NotFound, StateConflict, Invalid."""
    if (of := (await get_activity(work, activity_id)).lead_id) is not None:
        await leads.hold_lead(work, of)  # before the activity, as a conversion does: what follows goes along
    before = await get_activity(work, activity_id, lock=True)
    state = next_state("activity", MOVES, "complete", before.state)
    now = clock.now()
    ended_at = data.ended_at or now
    check_times(before.started_at, ended_at, now)
    changes = {"state": state, "outcome": data.outcome, "ended_at": ended_at}
    after = await change(work, resource(work), before, changes, action="complete")
    if data.next_step is not None:
        new, owners = fresh(), await organisation.default_owners(work, [after.owner_id])
        task = Activity(
            **new,
            kind=ActivityKind.TASK,
            phase=after.phase,
            subject=data.next_step.text,
            account_id=after.account_id,
            contact_id=after.contact_id,
            opportunity_id=after.opportunity_id,
            case_id=after.case_id,
            lead_id=after.lead_id,
            stream_key=after.stream_key if after.account_id else new["id"],
            owner_id=None if after.owner_id is None else owners.left.get(after.owner_id, after.owner_id),
            follows=after.id,
            due_on=data.next_step.due_on,
        )
        await add(work, resource(work), task)
    return after


async def cancel_activity(work: Work, activity_id: UUID) -> Activity:
    """It will not be done; raises NotFound, StateConflict."""
    before = await get_activity(work, activity_id, lock=True)
    state = next_state("activity", MOVES, "cancel", before.state)
    return await change(work, resource(work), before, {"state": state}, action="cancel")
