"""Accounts over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.fields import shown_list
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch, visible
from kit.web.lists import documented, owned_list
from kit.web.responses import json_answer
from services.customer.accounts import batches, service
from services.customer.accounts.repository import ACCOUNTS
from services.customer.accounts.schemas import (
    AccountBatch,
    AccountCreate,
    AccountPage,
    AccountRead,
    AccountRow,
    AccountUpdate,
)
from services.customer.deps import ACCOUNT_FIELDS, desk_of

router = routes.router("accounts")
Reader = Annotated[Context, Depends(Allow("accounts:read"))]
Writer = Annotated[Context, Depends(Allow("accounts:write"))]


@router.post("/v1/accounts", response_model=AccountRead, status_code=201)
async def create_account(body: AccountCreate, context: Writer) -> Response:
    """Create an account."""
    account = await service.create_account(context.tx, await desk_of(context), body)
    location = f"/v1/accounts/{account['id']}"
    return json_answer(service.account_body(context.actor, account), 201, version=account["version"], location=location)


@router.post("/v1/accounts/batch", response_model=BatchAnswer)
async def upsert_accounts(body: AccountBatch, context: Writer) -> Response:
    """Create or change up to 5,000 accounts by external id."""
    rows, results = parse_rows(AccountRow, body)
    await batches.upsert_accounts(context.tx, await desk_of(context), rows, results)
    return json_answer(results.answer())


@router.get("/v1/accounts", response_model=AccountPage, openapi_extra=documented(ACCOUNTS))
async def list_accounts(context: Reader) -> Response:
    """Accounts that the caller may see."""
    return await owned_list(context, shown_list(ACCOUNTS, ACCOUNT_FIELDS, context.actor), "a.owner_id")


@router.get("/v1/accounts/{account_id}", response_model=AccountRead)
async def get_account(account_id: UUID, context: Reader) -> Response:
    """One account."""
    account = await service.get_account(context.tx, visible(context), account_id)
    return json_answer(service.account_body(context.actor, account), version=account["version"])


@router.patch("/v1/accounts/{account_id}", response_model=AccountRead)
async def update_account(account_id: UUID, body: AccountUpdate, version: IfMatch, context: Writer) -> Response:
    """Change fields of an account."""
    account = await service.update_account(context.tx, await desk_of(context), account_id, version, body)
    return json_answer(service.account_body(context.actor, account), version=account["version"])


@router.post("/v1/accounts/{account_id}/archive", response_model=AccountRead)
async def archive_account(account_id: UUID, context: Writer) -> Response:
    """Archive an account: it stays readable and takes no more orders."""
    account = await service.archive_account(context.tx, await desk_of(context), account_id)
    return json_answer(service.account_body(context.actor, account), version=account["version"])
