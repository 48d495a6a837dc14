"""Commits: what whoever answers for a target says will come of it, and the gap to what was asked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.commits import reconciling, service
from services.targets.commits.lists import COMMITS, OF_TARGET
from services.targets.commits.schemas import CommitCreate, CommitGapRead, CommitRead, ReconcileCreate
from services.targets.decompositions.schemas import DecompositionRead
from services.targets.targets.service import require_target

router = routes.router("commits")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("commits:write"))]
Director = Annotated[Context, Depends(Allow("targets:write"))]
PATH = "/v1/targets/{target_id}/commits"


@router.post(PATH, response_model=CommitRead, status_code=201)
async def create_commit(target_id: UUID, body: CommitCreate, work: Writer) -> Response:
    """Commit to an amount for a draft: its member, or who leads its unit or one above it. The newest commit counts; 409
    `commits-closed` after `commit_until` of the target (without one, of its root) and when it is no draft."""
    made = await service.add_commit(work, target_id, body)
    return json_answer(CommitRead.model_validate(made), 201, location=PATH.format(target_id=target_id))


@router.get(PATH, response_model=page_of(CommitRead), openapi_extra=documented(COMMITS))
async def list_commits(target_id: UUID, work: Reader) -> Response:
    """The commits of a target, the one that counts first."""
    await require_target(work, target_id)
    return await list_answer(work, COMMITS, OF_TARGET, [target_id])


@router.get("/v1/targets/{target_id}/decompositions/{decomposition_id}/gap", response_model=CommitGapRead)
async def get_commit_gap(target_id: UUID, decomposition_id: UUID, work: Reader) -> Response:
    """What was committed to each child of a decomposition, and what is missing of the whole."""
    return json_answer(await service.read_gap(work, target_id, decomposition_id))


@router.post("/v1/targets/{target_id}/decompositions/{decomposition_id}/reconcile", response_model=DecompositionRead)
async def reconcile_decomposition(
    target_id: UUID, decomposition_id: UUID, body: ReconcileCreate, work: Director
) -> Response:
    """Let the newest commits decide the children of a draft. A balancing child holds what all are short or, within
    `over_assignment_max` of the policy (else 409 `over-assignment`), beyond."""
    return row_answer(DecompositionRead, await reconciling.reconcile(work, target_id, decomposition_id, body.mode))
