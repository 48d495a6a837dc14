"""Criteria: what applicants are weighed by."""

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
from services.channels.partner_criteria import service
from services.channels.partner_criteria.lists import PARTNER_CRITERIA
from services.channels.partner_criteria.rules import MOVES
from services.channels.partner_criteria.schemas import (
    PartnerCriteriaCreate,
    PartnerCriteriaRead,
    PartnerCriteriaReplace,
)

router = routes.router("partner-criteria")
PATH = "/v1/partner-criteria"
ONE = PATH + "/{partner_criteria_id}"

Reader = Annotated[Context, Depends(Allow("partner-criteria:read"))]
Writer = Annotated[Context, Depends(Allow("partner-criteria:write"))]
Publisher = Annotated[Context, Depends(Allow("partner-criteria:publish"))]
_REPLACE, _PUBLISH = (shown_move(service.NOUN, MOVES, action) for action in ("replace", "publish"))


@router.post(PATH, response_model=PartnerCriteriaRead, status_code=201)
async def draft_partner_criteria(body: PartnerCriteriaCreate, work: Writer) -> Response:
    """Write a version of what applicants are weighed by, as a draft; 422 `criteria-invalid`."""
    return row_answer(PartnerCriteriaRead, await service.draft_criteria(work, body), PATH)


@router.get(PATH, response_model=page_of(PartnerCriteriaRead), openapi_extra=documented(PARTNER_CRITERIA))
async def list_partner_criteria(work: Reader) -> Response:
    """Versions, the latest first; of those that are published the one with the highest number counts."""
    return await list_answer(work, PARTNER_CRITERIA)


@router.get(ONE, response_model=PartnerCriteriaRead)
async def get_partner_criteria(partner_criteria_id: UUID, work: Reader) -> Response:
    """One version."""
    return row_answer(PartnerCriteriaRead, await service.require_criteria(work, partner_criteria_id))


@router.put(ONE, response_model=PartnerCriteriaRead, openapi_extra=_REPLACE)
async def replace_partner_criteria(
    partner_criteria_id: UUID, body: PartnerCriteriaReplace, version: IfMatch, work: Writer
) -> Response:
    """Set all of a draft."""
    return row_answer(PartnerCriteriaRead, await service.replace_criteria(work, partner_criteria_id, version, body))


@router.post(f"{ONE}/publish", response_model=PartnerCriteriaRead, openapi_extra=_PUBLISH)
async def publish_partner_criteria(partner_criteria_id: UUID, work: Publisher) -> Response:
    """Let a draft of somebody else count for who is screened from now on (409 `same-person`)."""
    return row_answer(PartnerCriteriaRead, await service.publish_criteria(work, partner_criteria_id))
