"""Accounts: organisations and persons that buy, with their owners and what was written of them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query
from starlette.responses import Response

from kit.security.fields import shown_list
from kit.security.principals import owned_rows
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.accounts import batches, service
from services.customer.accounts.access import FIELDS, may_read_tax_ids
from services.customer.accounts.lists import ACCOUNTS, FACTS, FACTS_WITHOUT_TAX_IDS, OWNERS
from services.customer.accounts.models import Account
from services.customer.accounts.private import shown_account, shown_items, with_phone
from services.customer.accounts.schemas import (
    AccountBatch,
    AccountCreate,
    AccountFactPage,
    AccountOwnerPage,
    AccountPage,
    AccountRead,
    AccountRedirected,
    AccountRow,
    AccountUpdate,
)
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.service import filtered

router = routes.router("accounts")
Reader = Annotated[Context, Depends(Allow("accounts:read"))]
Writer = Annotated[Context, Depends(Allow("accounts:write", personal=True))]
SkipCheck = Annotated[
    bool,
    Header(alias="X-Skip-Duplicate-Check", description="Add the account though it seems to be the same as another"),
]
Phone = Annotated[str | None, Query(max_length=64, description="A phone number, of China unless it names its country")]


_REDIRECTED: dict[int | str, dict[str, Any]] = {
    307: {"model": AccountRedirected, "description": "It was merged: `Location` is the account that it leads to"}
}


async def _answer(work: Context, account: Account, status: int = 200) -> Response:
    """The account as far as the caller may see its fields."""
    location = f"/v1/accounts/{account.id}" if status == 201 else None
    return json_answer(await shown_account(work, account), status, version=account.version, location=location)


@router.post("/v1/accounts", response_model=AccountRead, status_code=201)
async def create_account(body: AccountCreate, work: Writer, skip: SkipCheck = False) -> Response:
    """Create an account, unless another one has its tax id or an external id, or seems to be the same."""
    return await _answer(work, await service.create_account(work, body, may_be_like=skip), 201)


@router.post("/v1/accounts/batch", response_model=BatchAnswer)
async def upsert_accounts(body: AccountBatch, work: Writer) -> Response:
    """Create or change up to 5,000 accounts by external id."""
    rows, results = parse_rows(AccountRow, body)
    await batches.upsert_accounts(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/accounts", response_model=AccountPage, openapi_extra=documented(ACCOUNTS))
async def list_accounts(work: Reader, phone: Phone = None) -> Response:
    """Accounts that the caller may see; `phone` is exact, and finds persons for who sees them in full. Those that were
    merged are found by `merged_into` alone. `custom.<key>`, `custom.<key>[gte]` and so on ask for indexed custom
    fields, with the operators of their type; money is written `CNY:100000`, in minor units."""
    where, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    if not any(name.startswith("merged_into") for name in work.request.query_params):
        where += " AND a.merged_into IS NULL"
    found, hashes = with_phone(work, phone, len(args))
    spec, show = shown_list(ACCOUNTS, FIELDS, work.actor), partial(shown_items, work)
    spec = await filtered(work, CustomResource.ACCOUNT, spec, work.request.query_params.keys())
    return await list_answer(work, spec, f"{where}{found}", [*args, *hashes], extra=("phone",), show=show)


@router.get("/v1/accounts/{account_id}", response_model=AccountRead, responses=_REDIRECTED)
async def get_account(account_id: UUID, work: Reader) -> Response:
    """One account; of one that was merged, where it leads."""
    account = await service.get_account(work, account_id)
    if account.root_id is None or account.merge_id is None:
        return await _answer(work, account)
    answer = json_answer({"merged_into": account.root_id, "merge_id": account.merge_id}, 307)
    answer.headers.update({"Location": f"/v1/accounts/{account.root_id}", "Cache-Control": "no-store"})
    return answer


@router.get("/v1/accounts/{account_id}/facts", response_model=AccountFactPage, openapi_extra=documented(FACTS))
async def list_account_facts(account_id: UUID, work: Reader) -> Response:
    """What was written of an account and of those that are one with it, when, and where it came from; nothing personal,
    tax ids for who may read them."""
    group = await service.group_of(work, (await service.get_account(work, account_id)).leads_to)
    spec = FACTS if may_read_tax_ids(work.actor) else FACTS_WITHOUT_TAX_IDS
    return await list_answer(work, spec, "f.account_id = ANY($1::uuid[])", [group])


@router.get("/v1/accounts/{account_id}/owners", response_model=AccountOwnerPage, openapi_extra=documented(OWNERS))
async def list_account_owners(account_id: UUID, work: Reader) -> Response:
    """Who had an account, from when until when, by whom it was handed over, the latest first; of one that was merged
    its own."""
    await service.get_account(work, account_id)
    return await list_answer(work, OWNERS, "w.account_id = $1", [account_id])


@router.patch("/v1/accounts/{account_id}", response_model=AccountRead)
async def update_account(account_id: UUID, body: AccountUpdate, version: IfMatch, work: Writer) -> Response:
    """Change fields of an account."""
    return await _answer(work, await service.update_account(work, account_id, version, body))


@router.post("/v1/accounts/{account_id}/archive", response_model=AccountRead)
async def archive_account(account_id: UUID, work: Writer) -> Response:
    """Archive an account: it stays readable and takes no more orders."""
    return await _answer(work, await service.archive_account(work, account_id))


@router.post("/v1/accounts/{account_id}/restore", response_model=AccountRead)
async def restore_account(account_id: UUID, work: Writer) -> Response:
    """Undo an archive: the account takes changes and orders again."""
    return await _answer(work, await service.restore_account(work, account_id))
