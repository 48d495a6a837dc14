"""Accounts are handed over to another seller: one, or many of one seller; with their other rows on request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, NamedTuple
from uuid import UUID

from kit.db.saved_filters import parse_saved_filter
from kit.errors import BadQuery, FieldError, Invalid
from kit.jobs.jobs import JobNotFound, enqueue, require_job
from kit.records import audit_added
from kit.security.fields import shown_list
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.access import FIELDS
from services.customer.accounts.lists import ACCOUNTS
from services.customer.accounts.models import Account
from services.customer.accounts.rules import OwnerLeft
from services.customer.activities import service as activities
from services.customer.cases import service as cases
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.service import filtered_by
from services.customer.directories import service as directories
from services.customer.leads import service as leads
from services.customer.opportunities import service as opportunities
from services.customer.transfers import repository
from services.customer.transfers.schemas import AccountTransfer, TransferCreate

TRANSFER = "accounts.transfer"
"""Kind of the job that hands over."""
HISTORY = "accounts.history"
"""Kind of the job that lets the other rows of accounts follow."""
BATCH = 100
"""Accounts of a step."""
AT_ONCE = 1_000
"""Most rows that follow in the transaction of the hand-over itself."""
HandOver = Callable[[Work, Collection[UUID], UUID, int], Awaitable[int]]
OTHERS: Final[tuple[HandOver, ...]] = (
    leads.hand_over,
    opportunities.hand_over,
    activities.hand_over,
    cases.hand_over,
)
"""What goes along with `history`; a survey's answer keeps whom it was given to, as a credit does."""


class Handed(NamedTuple):
    """A step of a hand-over: the last account (None: that was all), how many accounts, their orders, opportunities that
    the seller had open there, and with `history` all other rows."""

    after: UUID | None
    accounts: int
    orders: int
    opportunities: int
    others: int


async def transfer_account(work: Work, account_id: UUID, data: AccountTransfer) -> Account:
    """Hand an account over, with what its former owner has open there unless told otherwise, its other rows too where
    asked for; raises NotFound, UnknownReference, OwnerLeft."""
    account, former = await accounts.transfer_account(work, account_id, data.owner_id)
    if data.opportunities and former != data.owner_id:
        await opportunities.hand_over_open(work, [account_id], former, data.owner_id)
    if data.history:
        await _history_follows(work, [account_id], data.owner_id)
    return account


async def _history_follows(work: Work, account_ids: Collection[UUID], to: UUID) -> None:
    """Give the other rows of accounts, which the caller has locked, to their new owner; what is more than AT_ONCE is
    left to a job."""
    if account_ids and await _hand_over_rows(work, account_ids, to) == AT_ONCE:
        asked = {"accounts": sorted(map(str, account_ids)), "to": str(to)}
        by = {"subject": work.actor.subject, "roles": sorted(work.actor.roles)}
        await enqueue(work.tx, HISTORY, asked | by, work.actor.subject)


async def _hand_over_rows(work: Work, account_ids: Collection[UUID], to: UUID) -> int:
    """Give at most AT_ONCE rows of accounts to an owner; how many they are."""
    done = 0
    for hand_over in OTHERS:
        if done < AT_ONCE:
            done += await hand_over(work, account_ids, to, AT_ONCE - done)
    return done


async def history_some(work: Work, asked: dict[str, Any]) -> int:
    """One step of the job: rows of those of the accounts that are still `to`'s; how many they were, 0 at the end."""
    to = UUID(asked["to"])
    held = await repository.hold_accounts(work.tx, [UUID(one) for one in asked["accounts"]], to)
    return await _hand_over_rows(work, held, to) if held else 0


async def _open_follow(work: Work, account_ids: Collection[UUID], owner_id: UUID, to: UUID | None) -> int:
    """Give what a seller has open at accounts to another, or count it."""
    if to is None:
        return await opportunities.count_open(work, account_ids, owner_id)
    return await opportunities.hand_over_open(work, account_ids, owner_id, to)


async def start_transfer(work: Work, data: TransferCreate) -> UUID:
    """Ask for a hand-over, a job; raises UnknownReference, OwnerLeft (of `to`) and Invalid (of the filter)."""
    if data.owner_id == data.to:
        raise Invalid("to the same", errors=[FieldError("/to", "invalid", "is who has them")])
    sellers = await directories.find_sellers(work, [data.owner_id])
    if not (await work.scope()).sees(data.owner_id) or data.owner_id not in sellers.known:
        raise accounts.unknown_owner(data.owner_id, "/from")
    await accounts.check_owner(work, data.to, "/to")
    try:
        spec = await filtered_by(work, CustomResource.ACCOUNT, shown_list(ACCOUNTS, FIELDS, work.actor), [data.filter])
        chosen = parse_saved_filter(spec, data.filter)
    except BadQuery as refused:
        faults = [f"{error.pointer}: {error.detail}" for error in refused.errors] or [refused.detail]
        raise Invalid("the filter", errors=[FieldError("/filter", "bad-query", fault) for fault in faults]) from None
    asked = {
        "from": str(data.owner_id),
        "to": str(data.to),
        "filter": chosen.text,
        "opportunities": data.opportunities,
        "history": data.history,
        "dry_run": data.dry_run,
        "today": work.today.isoformat(),
    }
    by = {"subject": work.actor.subject, "roles": sorted(work.actor.roles)}
    job_id = await enqueue(work.tx, TRANSFER, asked | by, work.actor.subject)
    await audit_added(work, "account_transfer", job_id, asked)
    return job_id


async def get_transfer(work: Work, job_id: UUID) -> Any:
    """The job of a hand-over; raises JobNotFound, also for one that somebody else asked for (unless the caller sees
    everything)."""
    job = await require_job(work.tx, job_id)
    if job["kind"] != TRANSFER or not ((await work.scope()).everything or job["requested_by"] == work.actor.subject):
        raise JobNotFound
    return job


async def transfer_some(work: Work, transfer_id: UUID, asked: dict[str, Any], after: UUID) -> Handed:
    """One step of a hand-over, in the order of ids. Open opportunities of the seller at these accounts go along, unless
    told otherwise.

    Raises OwnerLeft when who should get them has left meanwhile, BadQuery when the filter asks for a custom field that
    is no more.
    """
    owner_id, to = UUID(asked["from"]), UUID(asked["to"])
    if to in (await directories.find_sellers(work, [to])).left:
        raise OwnerLeft(to, "/to")
    spec = await filtered_by(work, CustomResource.ACCOUNT, ACCOUNTS, [asked["filter"]])
    chosen = parse_saved_filter(spec, asked["filter"])
    day = work.today.fromisoformat(asked["today"])
    found = await repository.next_accounts(work.tx, chosen, owner_id, after, day, work.settings.timezone, BATCH)
    moved, has_history, joined = found, asked.get("history", False), 0
    if not asked["dry_run"]:
        moved = await accounts.transfer_accounts(work, found, owner_id, to, transfer_id)
    if asked.get("opportunities", True):
        joined = await _open_follow(work, moved, owner_id, None if asked["dry_run"] else to)
    others = await repository.count_others(work.tx, moved) if has_history else 0
    if has_history and not asked["dry_run"]:
        await _history_follows(work, moved, to)
    last = found[-1] if found else None
    return Handed(last, len(moved), await repository.count_orders(work.tx, moved), joined, others)
