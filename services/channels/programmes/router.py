"""Rebate programmes: tiers of what partners get back of what they sold."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.programmes import service
from services.channels.programmes.lists import PROGRAMMES
from services.channels.programmes.rules import MOVES
from services.channels.programmes.schemas import (
    ProgrammeCreate,
    ProgrammeRead,
    RebateProgrammePublish,
    RebateProgrammeRevise,
)

router = routes.router("rebate-programmes")

Reader = Annotated[Context, Depends(Allow("programmes:read"))]
Writer = Annotated[Context, Depends(Allow("programmes:write"))]
Publisher = Annotated[Context, Depends(Allow("programmes:write", reads=("sales", "sale_return")))]
FROM_NOW_ON = RebateProgrammePublish()
_REPLACE, _PUBLISH = (shown_move(service.NOUN, MOVES, action) for action in ("replace", "publish"))


@router.post("/v1/rebate-programmes", response_model=ProgrammeRead, status_code=201)
async def draft_rebate_programme(body: ProgrammeCreate, work: Writer) -> Response:
    """Draft a rebate programme."""
    return row_answer(ProgrammeRead, await service.draft_programme(work, body), "/v1/rebate-programmes")


@router.get("/v1/rebate-programmes", response_model=page_of(ProgrammeRead), openapi_extra=documented(PROGRAMMES))
async def list_rebate_programmes(work: Reader) -> Response:
    """Rebate programmes; `partner_id` finds those made for that partner by name."""
    return await list_answer(work, PROGRAMMES)


@router.get("/v1/rebate-programmes/{programme_id}", response_model=ProgrammeRead)
async def get_rebate_programme(programme_id: UUID, work: Reader) -> Response:
    """One rebate programme."""
    return row_answer(ProgrammeRead, await service.require_programme(work, programme_id))


@router.put("/v1/rebate-programmes/{programme_id}", response_model=ProgrammeRead, openapi_extra=_REPLACE)
async def replace_rebate_programme(
    programme_id: UUID, body: ProgrammeCreate, version: IfMatch, work: Writer
) -> Response:
    """Set all terms of a draft."""
    return row_answer(ProgrammeRead, await service.replace_programme(work, programme_id, version, body))


@router.post("/v1/rebate-programmes/{programme_id}/revise", response_model=ProgrammeRead, status_code=201)
async def revise_rebate_programme(programme_id: UUID, body: RebateProgrammeRevise, work: Writer) -> Response:
    """Draft the next version of a published programme: other tiers from a later day on (422 `revision-invalid`), all
    else as it is; 409 `rebate-programme-draft-open` while one is a draft,
    `too-many-versions` after 50.

    Once it is published, orders confirmed from then on with a date from its day on count in it, on top of what the
    earlier versions hold of the partner's period: 1 %, from 100,000.00 on 2 %, revised to 1.5 % and 3 % on 15 February,
    give 800.00 for 80,000.00 in January and 1,200.00 for 50,000.00 on 20 February; a late 40,000.00 of January gives
    900.00. What has accrued stays, and comes back in the version in which it was counted.
    """
    made = await service.revise_programme(work, programme_id, body)
    return row_answer(ProgrammeRead, made, "/v1/rebate-programmes")


@router.post("/v1/rebate-programmes/{programme_id}/publish", response_model=ProgrammeRead, openapi_extra=_PUBLISH)
async def publish_rebate_programme(
    programme_id: UUID, work: Publisher, body: Annotated[RebateProgrammePublish, Body()] = FROM_NOW_ON
) -> Response:
    """Publish a draft: it counts for orders confirmed from now on, and never changes again.

    With `catch_up` it counts for every order of its days: a job with the id of the programme accrues those that were
    confirmed before. Where that job failed or was cancelled, the same request again lets it go on.
    """
    made = await service.publish_programme(work, programme_id, catch_up=body.catch_up)
    return row_answer(ProgrammeRead, made)
