"""Use cases of duplicates: accounts like one, pairs that may be one, the scan of all accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import NotFound
from kit.jobs.jobs import JobNotFound, enqueue, require_job
from kit.records import Resource, audit_added, change, require
from kit.transitions import next_state
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.access import may_read_tax_ids
from services.customer.accounts.models import Account
from services.customer.accounts.schemas import AccountCreate
from services.customer.duplicates.schemas import FactorsRead, MatchRead
from services.customer.identity import service as identity
from services.customer.identity.jobs import SCAN
from services.customer.identity.models import DuplicateCandidate
from services.customer.identity.rules import MOVES
from services.customer.identity.service import Match
from services.customer.persons.access import may_read_pii

SHOWN = 50
CANDIDATES = Resource("duplicate-candidate", DuplicateCandidate, lambda _: None, audited=())


async def check_account(work: Work, data: AccountCreate) -> list[MatchRead]:
    """Accounts of the caller's scope that may be the one of a body, which is not stored.

    What the caller may not read of others is not compared: a guess would be confirmed. Raises what a creation raises
    for the fields of the body.
    """
    account: Account = accounts.new_account(work, data.model_dump(exclude={"custom"}), None, {})
    if not account.is_organization and not may_read_pii(work.actor):
        account = account.model_copy(update={"phone": None})
    key = accounts.tax_id_key_of(account) if may_read_tax_ids(work.actor) else None
    return await _seen(work, await identity.matches(work, accounts.compared(work, account, key)))


async def duplicates_of(work: Work, account_id: UUID) -> list[MatchRead]:
    """Accounts of the caller's scope that may be this one, as of now; raises NotFound."""
    await accounts.get_account(work, account_id)
    return await _seen(work, await identity.matches_of(work, account_id))


async def _seen(work: Work, matches: list[Match]) -> list[MatchRead]:
    scope = await work.scope()
    return [
        MatchRead(
            account_id=match.account.id,
            name=match.account.name,
            owner_id=match.account.owner_id,
            score=match.comparison.score,
            verdict=match.comparison.verdict,
            factors=FactorsRead.model_validate(identity.factors_of(match.comparison)),
        )
        for match in matches
        if scope.sees(match.account.owner_id)
    ][:SHOWN]


async def dismiss_candidate(work: Work, candidate_id: UUID, reason: str) -> DuplicateCandidate:
    """Say that two accounts are not one; raises NotFound (also unless the caller sees both), StateConflict."""
    before = await require(work, CANDIDATES, candidate_id, lock=True)
    if len(await accounts.accounts_by_id(work, [before.first_id, before.second_id])) < 2:
        raise NotFound(what="duplicate-candidate")
    changes = {
        "state": next_state("duplicate-candidate", MOVES, "dismiss", before.state),
        "dismissed_by": work.actor.subject,
        "dismissed_at": clock.now(),
        "reason": reason,
    }
    return await change(work, CANDIDATES, before, changes, action="dismiss", reason=reason)


async def start_scan(work: Work) -> UUID:
    """Compare all accounts: a job."""
    job_id = await enqueue(work.tx, SCAN, {}, work.actor.subject)
    await audit_added(work, "duplicate_scan", job_id, {})
    return job_id


async def get_scan(work: Work, job_id: UUID) -> Any:
    """The job of a scan; raises JobNotFound."""
    job = await require_job(work.tx, job_id)
    if job["kind"] != SCAN:
        raise JobNotFound
    return job
