"""Agreements: territory, discounts and duties of a partner, signed, renewed, ended."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.agreements import moves, service
from services.channels.agreements.lists import AGREEMENTS
from services.channels.agreements.rules import MOVES
from services.channels.agreements.schemas import (
    AgreementAmend,
    AgreementCreate,
    AgreementRead,
    AgreementRenew,
    AgreementReplace,
    AgreementTerminate,
    AgreementVolumeRead,
)

router = routes.router("agreements")
PATH = "/v1/agreements"
ONE = PATH + "/{agreement_id}"

Reader = Annotated[Context, Depends(Allow("agreements:read"))]
Counter = Annotated[Context, Depends(Allow("agreements:read", reads=("sales",)))]
Writer = Annotated[Context, Depends(Allow("agreements:write"))]
Signer = Annotated[Context, Depends(Allow("agreements:sign"))]
_REPLACE, _PROPOSE, _SIGN, _TERMINATE = (
    shown_move(service.NOUN, MOVES, action) for action in ("replace", "propose", "sign", "terminate")
)


@router.post(PATH, response_model=AgreementRead, status_code=201)
async def draft_agreement(body: AgreementCreate, work: Writer) -> Response:
    """Write the first version of an agreement with a partner."""
    return row_answer(AgreementRead, await service.draft_agreement(work, body), PATH)


@router.get(PATH, response_model=page_of(AgreementRead), openapi_extra=documented(AGREEMENTS))
async def list_agreements(work: Reader) -> Response:
    """Versions of agreements, the latest day first; `region` and `product_line` name one of theirs, as written."""
    return await list_answer(work, AGREEMENTS)


@router.get(ONE, response_model=AgreementRead)
async def get_agreement(agreement_id: UUID, work: Reader) -> Response:
    """One version of an agreement."""
    return row_answer(AgreementRead, await service.require_agreement(work, agreement_id))


@router.get(ONE + "/volume", response_model=AgreementVolumeRead)
async def read_agreement_volume(agreement_id: UUID, work: Counter) -> Response:
    """Net sales of the partner in the territory and lines, and whether they keep pace with the minimum."""
    found = await service.read_volume(work, agreement_id)
    one, minimum = found.agreement, found.agreement.minimum_volume_base
    missing = None if minimum is None else max(0, minimum - found.attained_base)
    body = AgreementVolumeRead(
        agreement_id=one.id,
        number=one.number,
        attained_base=found.attained_base,
        minimum_volume_base=minimum,
        missing_base=missing,
        valid_from=one.valid_from,
        until=found.until,
        elapsed_days=found.elapsed_days,
        total_days=found.total_days,
        pace=found.pace,
    )
    return json_answer(body)


@router.put(ONE, response_model=AgreementRead, openapi_extra=_REPLACE)
async def replace_agreement(agreement_id: UUID, body: AgreementReplace, version: IfMatch, work: Writer) -> Response:
    """Set all terms of a version that is not signed; who does is its author."""
    return row_answer(AgreementRead, await service.replace_agreement(work, agreement_id, version, body))


@router.post(ONE + "/propose", response_model=AgreementRead, openapi_extra=_PROPOSE)
async def propose_agreement(agreement_id: UUID, work: Writer) -> Response:
    """Put a draft forward to be signed."""
    return row_answer(AgreementRead, await service.propose_agreement(work, agreement_id))


@router.post(ONE + "/sign", response_model=AgreementRead, openapi_extra=_SIGN)
async def sign_agreement(agreement_id: UUID, work: Signer) -> Response:
    """Let a version that somebody else wrote (409 `same-person`) hold; the former version ends the day before.

    409 `exclusivity-overlap` names the agreement (`number`, `valid_from`, `valid_to`) that holds a region, line, mode
    and day of it, where either is sole or exclusive; of the same partner, where both are.
    """
    return row_answer(AgreementRead, await moves.sign_agreement(work, agreement_id))


@router.post(ONE + "/amend", response_model=AgreementRead, status_code=201)
async def amend_agreement(agreement_id: UUID, body: AgreementAmend, work: Writer) -> Response:
    """Write the next version of a signed agreement, with other terms from a later day on.

    It is a draft, to be proposed and signed. Refused are 409 `agreement-state`, `agreement-superseded` (a later version
    is signed), `draft-open` (the next version is written already) and `exclusivity-overlap`; 422 `validity-invalid`.
    """
    return row_answer(AgreementRead, await service.amend_agreement(work, agreement_id, body), PATH)


@router.post(ONE + "/renew", response_model=AgreementRead, status_code=201)
async def renew_agreement(agreement_id: UUID, body: AgreementRenew, work: Writer) -> Response:
    """Write the next version of an agreement that is signed or has expired, from the day after its last one.

    It is a draft, to be proposed and signed; refused as an amendment is. Once it is signed no more warnings are said.
    """
    return row_answer(AgreementRead, await service.renew_agreement(work, agreement_id, body), PATH)


@router.post(ONE + "/terminate", response_model=AgreementRead, openapi_extra=_TERMINATE)
async def terminate_agreement(agreement_id: UUID, body: AgreementTerminate, work: Signer) -> Response:
    """End an agreement before its time: the latest signed version (else 409 `agreement-superseded`), and earlier ones
    that would hold longer. 422 `notice-too-short` unless it ends for cause."""
    return row_answer(AgreementRead, await moves.terminate_agreement(work, agreement_id, body))
