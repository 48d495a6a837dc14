"""Many accounts of one seller are handed over to another."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from kit.db.saved_filters import parse_saved_filter
from kit.errors import BadQuery, FieldError, Invalid
from kit.jobs.jobs import JobNotFound, enqueue, require_job
from kit.security.fields import shown_list
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.access import FIELDS
from services.customer.accounts.lists import ACCOUNTS
from services.customer.accounts.rules import OwnerLeft
from services.customer.directories import service as directories
from services.customer.opportunities import service as opportunities
from services.customer.transfers import repository
from services.customer.transfers.schemas import TransferCreate

TRANSFER = "accounts.transfer"
"""Kind of the job that hands over."""
BATCH = 100
"""Accounts of a step."""


async def start_transfer(work: Work, data: TransferCreate) -> UUID:
    """Ask for a hand-over, a job; raises UnknownReference, OwnerLeft (of `to`) and Invalid (of the filter)."""
    if data.owner_id == data.to:
        raise Invalid("to the same", errors=[FieldError("/to", "invalid", "is who has them")])
    sellers = await directories.find_sellers(work, [data.owner_id])
    if not (await work.scope()).sees(data.owner_id) or data.owner_id not in sellers.known:
        raise accounts.unknown_owner(data.owner_id, "/from")
    await accounts.check_owner(work, data.to, "/to")
    try:
        chosen = parse_saved_filter(shown_list(ACCOUNTS, FIELDS, work.actor), data.filter)
    except BadQuery as refused:
        faults = [f"{error.pointer}: {error.detail}" for error in refused.errors] or [refused.detail]
        raise Invalid("the filter", errors=[FieldError("/filter", "bad-query", fault) for fault in faults]) from None
    asked = {
        "from": str(data.owner_id),
        "to": str(data.to),
        "filter": chosen.text,
        "dry_run": data.dry_run,
        "today": work.today.isoformat(),
        "subject": work.actor.subject,
        "roles": sorted(work.actor.roles),
    }
    return await enqueue(work.tx, TRANSFER, asked, work.actor.subject)


async def get_transfer(work: Work, job_id: UUID) -> Any:
    """The job of a hand-over; raises JobNotFound, also for one that somebody else asked for (unless the caller sees
    everything)."""
    job = await require_job(work.tx, job_id)
    if job["kind"] != TRANSFER or not ((await work.scope()).everything or job["requested_by"] == work.actor.subject):
        raise JobNotFound
    return job


class Step(NamedTuple):
    """The last account of a step (None at the end), how many were handed over, their orders, and the opportunities that
    the seller had open there."""

    last: UUID | None
    accounts: int
    orders: int
    opportunities: int


async def transfer_some(work: Work, transfer_id: UUID, asked: dict[str, Any], after: UUID) -> Step:
    """One step of a hand-over, in the order of ids. Open opportunities of the seller at these accounts go along.

    Raises OwnerLeft when who should get them has left meanwhile.
    """
    owner_id, to = UUID(asked["from"]), UUID(asked["to"])
    if to in (await directories.find_sellers(work, [to])).left:
        raise OwnerLeft(to, "/to")
    chosen = parse_saved_filter(ACCOUNTS, asked["filter"])
    day = work.today.fromisoformat(asked["today"])
    found = await repository.next_accounts(work.tx, chosen, owner_id, after, day, work.settings.timezone, BATCH)
    moved = found
    if asked["dry_run"]:
        joined = await opportunities.count_open(work, moved, owner_id)
    else:
        moved = await accounts.transfer_accounts(work, found, owner_id, to, transfer_id)
        joined = await opportunities.hand_over(work, moved, owner_id, to)
    return Step(found[-1] if found else None, len(moved), await repository.count_orders(work.tx, moved), joined)
