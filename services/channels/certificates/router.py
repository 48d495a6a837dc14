"""Certificates: which training a partner has passed, and until when it counts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.certificates import service
from services.channels.certificates.lists import CERTIFICATES
from services.channels.certificates.schemas import (
    PartnerCertificateCreate,
    PartnerCertificateRead,
    PartnerCertificateUpdate,
)

router = routes.router("partner-certificates")
PATH = "/v1/partner-certificates"
ONE = PATH + "/{certificate_id}"

Reader = Annotated[Context, Depends(Allow("certificates:read"))]
Writer = Annotated[Context, Depends(Allow("certificates:write"))]


@router.post(PATH, response_model=PartnerCertificateRead, status_code=201)
async def create_partner_certificate(body: PartnerCertificateCreate, work: Writer) -> Response:
    """Enter a certificate of a partner; a kind has each number once (409 `partner-certificate-number-taken`)."""
    return row_answer(PartnerCertificateRead, await service.create_certificate(work, body), PATH)


@router.get(PATH, response_model=page_of(PartnerCertificateRead), openapi_extra=documented(CERTIFICATES))
async def list_partner_certificates(work: Reader) -> Response:
    """Certificates of partners, the latest first."""
    return await list_answer(work, CERTIFICATES)


@router.get(ONE, response_model=PartnerCertificateRead)
async def get_partner_certificate(certificate_id: UUID, work: Reader) -> Response:
    """One certificate of a partner."""
    return row_answer(PartnerCertificateRead, await service.require_certificate(work, certificate_id))


@router.patch(ONE, response_model=PartnerCertificateRead)
async def update_partner_certificate(
    certificate_id: UUID, body: PartnerCertificateUpdate, version: IfMatch, work: Writer
) -> Response:
    """Correct the days of a certificate; what was found by them before stays as it was found."""
    return row_answer(PartnerCertificateRead, await service.update_certificate(work, certificate_id, version, body))
