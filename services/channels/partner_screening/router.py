"""Screenings: applicants are weighed, approved or rejected; partners are ended."""

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
from services.channels.partner_screening import moves, service
from services.channels.partner_screening.lists import PARTNER_SCREENINGS
from services.channels.partner_screening.schemas import (
    PartnerApprove,
    PartnerReject,
    PartnerScoresSet,
    PartnerScreeningRead,
    PartnerTerminate,
)
from services.channels.partners import service as partners
from services.channels.partners.models import Partner
from services.channels.partners.rules import MOVES
from services.channels.partners.schemas import PartnerRead

router = routes.router("partner-screenings")
PARTNER = "/v1/partners/{partner_id}"
PATH = "/v1/partner-screenings"

Reader = Annotated[Context, Depends(Allow("partner-screenings:read"))]
Writer = Annotated[Context, Depends(Allow("partners:write", personal=True))]
Approver = Annotated[Context, Depends(Allow("partners:approve", personal=True))]
_SCREEN, _APPROVE, _REJECT, _ACTIVATE, _TERMINATE = (
    shown_move("partner", MOVES, action) for action in ("screen", "approve", "reject", "activate", "terminate")
)


async def _answer(work: Context, partner: Partner) -> Response:
    """The partner as far as the caller may see it."""
    return row_answer(PartnerRead, partner, more=await partners.shown(work, partner))


@router.post(f"{PARTNER}/screen", response_model=PartnerRead, openapi_extra=_SCREEN)
async def screen_partner(partner_id: UUID, work: Writer) -> Response:
    """Begin to weigh an applicant by the criteria that count now (409 `criteria-missing` before the first ones), or one
    that is approved already anew."""
    return await _answer(work, await service.screen_partner(work, partner_id))


@router.put(f"{PARTNER}/scores", response_model=PartnerScreeningRead)
async def set_partner_scores(partner_id: UUID, body: PartnerScoresSet, version: IfMatch, work: Writer) -> Response:
    """Set the scores of a partner that is screened; `If-Match` names the version of its screening.

    80, 60 and 90 points at 40, 35 and 25 % are 75.50. 422 `scores-invalid`, `unknown-reference`.
    """
    return row_answer(PartnerScreeningRead, await service.set_scores(work, partner_id, version, body))


@router.post(f"{PARTNER}/approve", response_model=PartnerRead, openapi_extra=_APPROVE)
async def approve_partner(partner_id: UUID, body: PartnerApprove, work: Approver) -> Response:
    """Take an applicant that others have weighed (409 `same-person`); 409 `screening-incomplete` while a criterion is
    without a score, `screening-failed` where a knock-out, the least of a group or the pass mark is not reached."""
    return await _answer(work, await service.approve_partner(work, partner_id, body))


@router.post(f"{PARTNER}/reject", response_model=PartnerRead, openapi_extra=_REJECT)
async def reject_partner(partner_id: UUID, body: PartnerReject, work: Approver) -> Response:
    """Do not take an applicant that others have weighed (409 `same-person`): it has applied as before, and may be
    screened anew."""
    return await _answer(work, await service.reject_partner(work, partner_id, body))


@router.post(f"{PARTNER}/activate", response_model=PartnerRead, openapi_extra=_ACTIVATE)
async def activate_partner(partner_id: UUID, work: Writer) -> Response:
    """Let a partner sell; 409 `screening-required` where applicants are to be approved first, `document-expired` while
    a mandatory document is over and none of its kind is valid, `tasks-open` while a mandatory task is open."""
    return await _answer(work, await moves.activate_partner(work, partner_id))


@router.post(f"{PARTNER}/terminate", response_model=PartnerRead, openapi_extra=_TERMINATE)
async def terminate_partner(partner_id: UUID, body: PartnerTerminate, work: Approver) -> Response:
    """End with a partner for good (409 `agreements-in-force` while one is signed and has not ended): its open deals are
    withdrawn, what it has earned is still settled."""
    return await _answer(work, await moves.terminate_partner(work, partner_id, body))


@router.get(PATH, response_model=page_of(PartnerScreeningRead), openapi_extra=documented(PARTNER_SCREENINGS))
async def list_partner_screenings(work: Reader) -> Response:
    """Screenings of partners, the latest first."""
    return await list_answer(work, PARTNER_SCREENINGS)


@router.get(f"{PATH}/{{partner_screening_id}}", response_model=PartnerScreeningRead)
async def get_partner_screening(partner_screening_id: UUID, work: Reader) -> Response:
    """One screening of a partner, with what was scored and why it failed."""
    return row_answer(PartnerScreeningRead, await service.require_screening(work, partner_screening_id))
