"""Accounts over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.fields import shown, shown_list
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, owned_list
from kit.web.responses import json_answer
from services.customer.accounts import batches, service
from services.customer.accounts.access import FIELDS
from services.customer.accounts.lists import ACCOUNTS
from services.customer.accounts.models import Account
from services.customer.accounts.schemas import (
    AccountBatch,
    AccountCreate,
    AccountPage,
    AccountRead,
    AccountRow,
    AccountTransfer,
    AccountUpdate,
)

router = routes.router("accounts")
Reader = Annotated[Context, Depends(Allow("accounts:read"))]
Writer = Annotated[Context, Depends(Allow("accounts:write"))]
Transferrer = Annotated[Context, Depends(Allow("accounts:transfer"))]


def _answer(work: Context, account: Account, status: int = 200) -> Response:
    """The account as far as the caller may see its fields."""
    body = account.model_dump(exclude={"archived_at"}) | {"is_archived": account.is_archived}
    location = f"/v1/accounts/{account.id}" if status == 201 else None
    return json_answer(shown(body, FIELDS, work.actor), status, version=account.version, location=location)


@router.post("/v1/accounts", response_model=AccountRead, status_code=201)
async def create_account(body: AccountCreate, work: Writer) -> Response:
    """Create an account."""
    return _answer(work, await service.create_account(work, body), 201)


@router.post("/v1/accounts/batch", response_model=BatchAnswer)
async def upsert_accounts(body: AccountBatch, work: Writer) -> Response:
    """Create or change up to 5,000 accounts by external id."""
    rows, results = parse_rows(AccountRow, body)
    await batches.upsert_accounts(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/accounts", response_model=AccountPage, openapi_extra=documented(ACCOUNTS))
async def list_accounts(work: Reader) -> Response:
    """Accounts that the caller may see."""
    return await owned_list(work, shown_list(ACCOUNTS, FIELDS, work.actor), "a.owner_id")


@router.get("/v1/accounts/{account_id}", response_model=AccountRead)
async def get_account(account_id: UUID, work: Reader) -> Response:
    """One account."""
    return _answer(work, await service.get_account(work, account_id))


@router.patch("/v1/accounts/{account_id}", response_model=AccountRead)
async def update_account(account_id: UUID, body: AccountUpdate, version: IfMatch, work: Writer) -> Response:
    """Change fields of an account."""
    return _answer(work, await service.update_account(work, account_id, version, body))


@router.post("/v1/accounts/{account_id}/transfer", response_model=AccountRead)
async def transfer_account(account_id: UUID, body: AccountTransfer, work: Transferrer) -> Response:
    """Hand an account over; its orders and payments go along, what was credited and splits that were entered stay."""
    return _answer(work, await service.transfer_account(work, account_id, body.owner_id))


@router.post("/v1/accounts/{account_id}/archive", response_model=AccountRead)
async def archive_account(account_id: UUID, work: Writer) -> Response:
    """Archive an account: it stays readable and takes no more orders."""
    return _answer(work, await service.archive_account(work, account_id))


@router.post("/v1/accounts/{account_id}/restore", response_model=AccountRead)
async def restore_account(account_id: UUID, work: Writer) -> Response:
    """Undo an archive: the account takes changes and orders again."""
    return _answer(work, await service.restore_account(work, account_id))
