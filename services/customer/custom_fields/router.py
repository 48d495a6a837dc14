"""Custom fields: what a company adds to accounts and contacts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import row_answer
from services.customer.custom_fields import service
from services.customer.custom_fields.lists import CUSTOM_FIELDS
from services.customer.custom_fields.models import CustomField
from services.customer.custom_fields.schemas import (
    CustomFieldCreate,
    CustomFieldPage,
    CustomFieldRead,
    CustomFieldUpdate,
)

router = routes.router("custom fields")
Reader = Annotated[Context, Depends(Allow("insights:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]


def _answer(field: CustomField, made_under: str | None = None) -> Response:
    return row_answer(CustomFieldRead, field, made_under, service.shown(field))


@router.post("/v1/custom-fields", response_model=CustomFieldRead, status_code=201)
async def create_custom_field(body: CustomFieldCreate, work: Writer) -> Response:
    """Add a field to accounts or contacts: at most 200 to each, 20 of them indexed."""
    return _answer(await service.create_field(work, body), "/v1/custom-fields")


@router.get("/v1/custom-fields", response_model=CustomFieldPage, openapi_extra=documented(CUSTOM_FIELDS))
async def list_custom_fields(work: Reader) -> Response:
    """Custom fields."""
    return await list_answer(work, CUSTOM_FIELDS)


@router.get("/v1/custom-fields/{custom_field_id}", response_model=CustomFieldRead)
async def get_custom_field(custom_field_id: UUID, work: Reader) -> Response:
    """One custom field."""
    return _answer(await service.get_field(work, custom_field_id))


@router.patch("/v1/custom-fields/{custom_field_id}", response_model=CustomFieldRead)
async def update_custom_field(
    custom_field_id: UUID, body: CustomFieldUpdate, version: IfMatch, work: Writer
) -> Response:
    """Change whether a field is required or indexed, or which options stand. The values of a field that is indexed from
    now on are gathered by a job: lists may ask for it once it `is_filterable`."""
    return _answer(await service.update_field(work, custom_field_id, version, body))


@router.post("/v1/custom-fields/{custom_field_id}/archive", response_model=CustomFieldRead)
async def archive_custom_field(custom_field_id: UUID, work: Writer) -> Response:
    """Archive a field: rows keep the value they have, none gets another. One that a saved filter asks for stays: 409
    `field-in-use`."""
    return _answer(await service.archive_field(work, custom_field_id))


@router.post("/v1/custom-fields/{custom_field_id}/restore", response_model=CustomFieldRead)
async def restore_custom_field(custom_field_id: UUID, work: Writer) -> Response:
    """Undo an archive."""
    return _answer(await service.restore_field(work, custom_field_id))
