"""Programmes of levels: what each level asks for and gives."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.tier_programmes import service
from services.channels.tier_programmes.lists import TIER_PROGRAMMES
from services.channels.tier_programmes.rules import MOVES
from services.channels.tier_programmes.schemas import (
    TierProgrammeCreate,
    TierProgrammeRead,
    TierProgrammeReplace,
    TierProgrammeRevise,
)

router = routes.router("tiers")
PATH = "/v1/tier-programmes"
ONE = PATH + "/{tier_programme_id}"

Reader = Annotated[Context, Depends(Allow("tiers:read"))]
Writer = Annotated[Context, Depends(Allow("tiers:write"))]
Publisher = Annotated[Context, Depends(Allow("tiers:publish"))]
_REPLACE, _PUBLISH = (shown_move(service.NOUN, MOVES, action) for action in ("replace", "publish"))


@router.post(PATH, response_model=TierProgrammeRead, status_code=201)
async def draft_tier_programme(body: TierProgrammeCreate, work: Writer) -> Response:
    """Draft a programme of levels; of two levels with the same rank or code the second is refused
    (422 `tier-levels-invalid`)."""
    return row_answer(TierProgrammeRead, await service.draft_programme(work, body), PATH)


@router.get(PATH, response_model=page_of(TierProgrammeRead), openapi_extra=documented(TIER_PROGRAMMES))
async def list_tier_programmes(work: Reader) -> Response:
    """Versions of tier programmes, the latest first."""
    return await list_answer(work, TIER_PROGRAMMES)


@router.get(ONE, response_model=TierProgrammeRead)
async def get_tier_programme(tier_programme_id: UUID, work: Reader) -> Response:
    """One version of a tier programme."""
    return row_answer(TierProgrammeRead, await service.require_programme(work, tier_programme_id))


@router.put(ONE, response_model=TierProgrammeRead, openapi_extra=_REPLACE)
async def replace_tier_programme(
    tier_programme_id: UUID, body: TierProgrammeReplace, version: IfMatch, work: Writer
) -> Response:
    """Set all terms of a draft but its code."""
    return row_answer(TierProgrammeRead, await service.replace_programme(work, tier_programme_id, version, body))


@router.post(ONE + "/publish", response_model=TierProgrammeRead, openapi_extra=_PUBLISH)
async def publish_tier_programme(tier_programme_id: UUID, work: Publisher) -> Response:
    """Let what somebody else drafted (409 `same-person`) count for periods that end on its day or later; it never
    changes again, and its day is later than that of the version before (422 `validity-invalid`)."""
    return row_answer(TierProgrammeRead, await service.publish_programme(work, tier_programme_id))


@router.post(ONE + "/revise", response_model=TierProgrammeRead, status_code=201)
async def revise_tier_programme(tier_programme_id: UUID, body: TierProgrammeRevise, work: Writer) -> Response:
    """Draft the next version with the levels of this one, which is published (else 409 `tier-programme-state`).

    A programme has one draft at a time (409 `draft-open`).
    """
    return row_answer(TierProgrammeRead, await service.revise_programme(work, tier_programme_id, body), PATH)
