"""Merges: one account reads as another one, until that is taken back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, owned_list
from kit.web.responses import json_answer
from services.customer.merges import service
from services.customer.merges.lists import MERGES
from services.customer.merges.rules import MOVES
from services.customer.merges.schemas import MergeCreate, MergeOutcome, MergePage, MergeRead, UnmergeCreate

router = routes.router("identity")
Reader = Annotated[Context, Depends(Allow("accounts:read"))]
Merger = Annotated[Context, Depends(Allow("accounts:merge"))]


def _answer(outcome: MergeOutcome, *, is_made: bool = False) -> Response:
    location = f"/v1/merges/{outcome.merge_id}" if is_made else None
    return json_answer(outcome.model_dump(mode="json"), 201 if is_made else 200, location=location)


@router.post("/v1/accounts/{account_id}/merge", response_model=MergeOutcome, status_code=201)
async def merge_account(account_id: UUID, body: MergeCreate, work: Merger) -> Response:
    """Let another account read as this one: orders, contacts and everything else stay filed where they are, and read
    through. With `dry_run` it is only said (200)."""
    return _answer(await service.merge_accounts(work, account_id, body), is_made=not body.dry_run)


@router.get("/v1/merges", response_model=MergePage, openapi_extra=documented(MERGES))
async def list_merges(work: Reader) -> Response:
    """Merges of accounts that the caller may see, also those that were taken back."""
    return await owned_list(work, MERGES, "a.owner_id")


@router.get("/v1/merges/{merge_id}", response_model=MergeRead)
async def get_merge(merge_id: UUID, work: Reader) -> Response:
    """One merge with the fields that it changed."""
    merge = await service.get_merge(work, merge_id)
    return json_answer(merge.model_dump(mode="json"), version=merge.version)


@router.post(
    "/v1/merges/{merge_id}/unmerge",
    response_model=MergeOutcome,
    openapi_extra=shown_move("merge", MOVES, "unmerge"),
)
async def unmerge_account(merge_id: UUID, body: UnmergeCreate, work: Merger) -> Response:
    """Take a merge back, in any order: what still has the value that the merge gave is as before, the rest is kept and
    named. What was filed under either account stays there."""
    return _answer(await service.unmerge_accounts(work, merge_id, dry_run=body.dry_run))
