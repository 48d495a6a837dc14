"""Transfers: many accounts of one seller are handed over to another."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.jobs.jobs import require_job
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.operations import JobRead, job_answer
from kit.web.responses import json_answer
from services.customer.accounts.private import shown_account
from services.customer.accounts.schemas import AccountRead
from services.customer.transfers import service
from services.customer.transfers.schemas import AccountTransfer, TransferCreate

router = routes.router("accounts")
Transferrer = Annotated[Context, Depends(Allow("accounts:transfer"))]
OwnTransferrer = Annotated[Context, Depends(Allow("accounts:transfer", personal=True))]


@router.post("/v1/accounts/{account_id}/transfer", response_model=AccountRead)
async def transfer_account(account_id: UUID, body: AccountTransfer, work: OwnTransferrer) -> Response:
    """Hand an account over; its orders and payments go along, what its owner has open there unless `opportunities` is
    false, with `history` its other rows too (more than 1,000 by a job). What was credited and splits that were entered
    stay."""
    account = await service.transfer_account(work, account_id, body)
    return json_answer(await shown_account(work, account), version=account.version)


@router.post("/v1/accounts/transfers", response_model=JobRead, status_code=202)
async def create_transfer(body: TransferCreate, work: Transferrer) -> Response:
    """Hand accounts of one seller over to another, or count them: a job."""
    job_id = await service.start_transfer(work, body)
    return job_answer(await require_job(work.tx, job_id), 202, f"/v1/accounts/transfers/{job_id}")


@router.get("/v1/accounts/transfers/{transfer_id}", response_model=JobRead)
async def get_transfer(transfer_id: UUID, work: Transferrer) -> Response:
    """Progress of a hand-over; its result counts accounts, their orders and, with `history`, their other rows."""
    return job_answer(await service.get_transfer(work, transfer_id))
