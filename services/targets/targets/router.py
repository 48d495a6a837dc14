"""HTTP of the targets."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.targets import batches, moves, service
from services.targets.targets.lists import OF_TARGET, TARGETS, VERSIONS, VISIBLE
from services.targets.targets.rules import MOVES, NOUN
from services.targets.targets.schemas import (
    TargetBatch,
    TargetCreate,
    TargetRead,
    TargetReject,
    TargetRow,
    TargetUpdate,
    TargetVersionRead,
)
from services.targets.units.service import visible_to

router = routes.router("targets")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]
Proposer = Annotated[Context, Depends(Allow("targets:propose"))]
Approver = Annotated[Context, Depends(Allow("targets:approve"))]
_UPDATE, _PROPOSE, _APPROVE, _REJECT, _WITHDRAW, _ACTIVATE, _CLOSE = (
    shown_move(NOUN, MOVES, action)
    for action in ("update", "propose", "approve", "reject", "withdraw", "activate", "close")
)


@router.post("/v1/targets", response_model=TargetRead, status_code=201)
async def create_target(data: TargetCreate, work: Writer) -> Response:
    """Make a root target, a draft."""
    return row_answer(TargetRead, await service.add_target(work, data), "/v1/targets")


@router.post("/v1/targets/batch", response_model=BatchAnswer)
async def upsert_targets(data: TargetBatch, work: Writer) -> Response:
    """Make or change root targets by `external_id`; a result per row."""
    rows, results = parse_rows(TargetRow, data)
    await batches.upsert_targets(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/targets", response_model=page_of(TargetRead), openapi_extra=documented(TARGETS))
async def list_targets(work: Reader) -> Response:
    """Targets of every level; `parent_id[null]=true` gives the roots."""
    return await list_answer(work, TARGETS, *(await visible_to(work)).rows(VISIBLE))


@router.get("/v1/targets/{target_id}", response_model=TargetRead)
async def get_target(target_id: UUID, work: Reader) -> Response:
    """One target."""
    return row_answer(TargetRead, await service.require_target(work, target_id))


@router.patch("/v1/targets/{target_id}", response_model=TargetRead, openapi_extra=_UPDATE)
async def update_target(target_id: UUID, data: TargetUpdate, version: IfMatch, work: Writer) -> Response:
    """Change name, amount, owner or stretch of what does not count yet."""
    return row_answer(TargetRead, await service.update_target(work, target_id, version, data))


@router.post("/v1/targets/{target_id}/propose", response_model=TargetRead, openapi_extra=_PROPOSE)
async def propose_target(target_id: UUID, work: Proposer) -> Response:
    """Propose a draft and the drafts below it for an approval by somebody else."""
    return row_answer(TargetRead, await moves.propose_target(work, target_id))


@router.post("/v1/targets/{target_id}/approve", response_model=TargetRead, openapi_extra=_APPROVE)
async def approve_target(target_id: UUID, work: Approver) -> Response:
    """Approve what others proposed, wrote and own, with everything below it that is proposed.

    Who does leads the unit of the parent or one above it; a root is approved by a director (409
    `second-person-needed`)."""
    return row_answer(TargetRead, await moves.approve_target(work, target_id))


@router.post("/v1/targets/{target_id}/reject", response_model=TargetRead, openapi_extra=_REJECT)
async def reject_target(target_id: UUID, body: TargetReject, work: Approver) -> Response:
    """Send a proposal back, and what is proposed below it; what is above it is no longer proposed or approved."""
    return row_answer(TargetRead, await moves.take_back_target(work, target_id, "reject", body.reason))


@router.post("/v1/targets/{target_id}/withdraw", response_model=TargetRead, openapi_extra=_WITHDRAW)
async def withdraw_target(target_id: UUID, work: Proposer) -> Response:
    """Take a proposal back, and what is proposed below it; what is above it is no longer proposed or approved."""
    return row_answer(TargetRead, await moves.take_back_target(work, target_id, "withdraw"))


@router.post("/v1/targets/{target_id}/activate", response_model=TargetRead, openapi_extra=_ACTIVATE)
async def activate_target(target_id: UUID, work: Writer) -> Response:
    """Let a target and everything below it count. Where the policy asks for approvals, all of it needs one (409
    `not-approved`)."""
    return row_answer(TargetRead, await moves.activate_target(work, target_id))


@router.post("/v1/targets/{target_id}/close", response_model=TargetRead, openapi_extra=_CLOSE)
async def close_target(target_id: UUID, work: Writer) -> Response:
    """Close a target and everything below it; what was credited until now is kept as `closed_value`. Otherwise a target
    closes by itself on `closes_on`."""
    return row_answer(TargetRead, await moves.close_target(work, target_id))


@router.get(
    "/v1/targets/{target_id}/versions", response_model=page_of(TargetVersionRead), openapi_extra=documented(VERSIONS)
)
async def list_target_versions(target_id: UUID, work: Reader) -> Response:
    """What a target amounted to, by the day from which on; what never counted has none."""
    await service.require_target(work, target_id)
    return await list_answer(work, VERSIONS, OF_TARGET, [target_id])
