"""Duplicates: accounts that may be one customer, in pairs with every factor."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.jobs.jobs import require_job
from kit.security.principals import owned_rows
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer
from kit.web.operations import JobRead, job_answer
from kit.web.responses import json_answer
from services.customer.accounts.schemas import AccountCreate
from services.customer.duplicates import service
from services.customer.duplicates.lists import CANDIDATES
from services.customer.duplicates.schemas import CandidateDismiss, CandidatePage, CandidateRead, MatchPage
from services.customer.identity.rules import MOVES

router = routes.router("identity")
Reader = Annotated[Context, Depends(Allow("accounts:read"))]
Writer = Annotated[Context, Depends(Allow("accounts:write"))]
Merger = Annotated[Context, Depends(Allow("accounts:merge"))]


async def _both_seen(work: Context) -> tuple[str, list[object]]:
    """The condition that the caller sees both accounts of a pair, and none of them is archived or merged."""
    first, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    second, _ = await owned_rows(work.tx, work.visible, "b.owner_id")
    standing = " AND ".join(f"{each}.archived_at IS NULL AND {each}.merged_into IS NULL" for each in "ab")
    return f"{first} AND {second} AND {standing}", list(args)


@router.post("/v1/accounts/duplicates", response_model=MatchPage)
async def check_account(body: AccountCreate, work: Writer) -> Response:
    """Find accounts that may be the one of a body, as it would be created; nothing is stored."""
    return json_answer(MatchPage(items=await service.check_account(work, body)).model_dump(mode="json"))


@router.get("/v1/accounts/{account_id}/duplicates", response_model=MatchPage)
async def get_account_duplicates(account_id: UUID, work: Reader) -> Response:
    """Accounts that may be this one, compared now; those of dismissed pairs too."""
    return json_answer(MatchPage(items=await service.duplicates_of(work, account_id)).model_dump(mode="json"))


@router.get("/v1/duplicate-candidates", response_model=CandidatePage, openapi_extra=documented(CANDIDATES))
async def list_candidates(work: Reader) -> Response:
    """Pairs of accounts that may be one, of which the caller sees both: found within a minute of a write."""
    return await list_answer(work, CANDIDATES, *await _both_seen(work))


@router.get("/v1/duplicate-candidates/{candidate_id}", response_model=CandidateRead)
async def get_candidate(candidate_id: UUID, work: Reader) -> Response:
    """One pair of accounts that may be one."""
    return await item_answer(work, CANDIDATES, candidate_id, "duplicate-candidate", *await _both_seen(work))


@router.post(
    "/v1/duplicate-candidates/{candidate_id}/dismiss",
    response_model=CandidateRead,
    openapi_extra=shown_move("duplicate-candidate", MOVES, "dismiss"),
)
async def dismiss_candidate(candidate_id: UUID, body: CandidateDismiss, work: Merger) -> Response:
    """Say that two accounts are not one; the pair is open again only when a key of one of them is another."""
    await service.dismiss_candidate(work, candidate_id, body.reason)
    return await item_answer(work, CANDIDATES, candidate_id, "duplicate-candidate", *await _both_seen(work))


@router.post("/v1/duplicate-scans", response_model=JobRead, status_code=202)
async def create_duplicate_scan(work: Merger) -> Response:
    """Compare all accounts, whatever was compared before: a job."""
    job_id = await service.start_scan(work)
    return job_answer(await require_job(work.tx, job_id), 202, f"/v1/duplicate-scans/{job_id}")


@router.get("/v1/duplicate-scans/{scan_id}", response_model=JobRead)
async def get_duplicate_scan(scan_id: UUID, work: Merger) -> Response:
    """Progress of a scan; its result counts accounts, pairs that may be one, and keys that were skipped because more
    than 200 accounts hold them."""
    return job_answer(await service.get_scan(work, scan_id))
