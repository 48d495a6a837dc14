"""Documents of partners, and until when they are valid."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.partner_documents import service
from services.channels.partner_documents.lists import PARTNER_DOCUMENTS
from services.channels.partner_documents.schemas import (
    PartnerDocumentCreate,
    PartnerDocumentRead,
    PartnerDocumentUpdate,
)

router = routes.router("partner-documents")
PATH = "/v1/partner-documents"
ONE = PATH + "/{partner_document_id}"

Reader = Annotated[Context, Depends(Allow("partner-documents:read"))]
Writer = Annotated[Context, Depends(Allow("partner-documents:write"))]


@router.post(PATH, response_model=PartnerDocumentRead, status_code=201)
async def create_partner_document(body: PartnerDocumentCreate, work: Writer) -> Response:
    """Enter a document of a partner; a kind has each number once (409 `partner-document-number-taken`)."""
    return row_answer(PartnerDocumentRead, await service.create_document(work, body), PATH)


@router.get(PATH, response_model=page_of(PartnerDocumentRead), openapi_extra=documented(PARTNER_DOCUMENTS))
async def list_partner_documents(work: Reader) -> Response:
    """Documents of partners, the latest first; those with a `warned_on` end within 30 days, or have ended."""
    return await list_answer(work, PARTNER_DOCUMENTS)


@router.get(ONE, response_model=PartnerDocumentRead)
async def get_partner_document(partner_document_id: UUID, work: Reader) -> Response:
    """One document of a partner."""
    return row_answer(PartnerDocumentRead, await service.require_document(work, partner_document_id))


@router.patch(ONE, response_model=PartnerDocumentRead)
async def update_partner_document(
    partner_document_id: UUID, body: PartnerDocumentUpdate, version: IfMatch, work: Writer
) -> Response:
    """Change a document; kind and number stay, a new paper is a new document."""
    return row_answer(PartnerDocumentRead, await service.update_document(work, partner_document_id, version, body))
