"""Statements of rebates: what a partner gets for a period, approved and paid."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.operations import JobRead, job_answer
from kit.web.responses import row_answer
from services.channels.statements import service
from services.channels.statements.lists import LINES, STATEMENTS
from services.channels.statements.rules import MOVES
from services.channels.statements.schemas import (
    RebateStatementLineRead,
    RebateStatementPay,
    RebateStatementRead,
    RebateStatementReason,
    RebateStatementsRun,
)

router = routes.router("rebate-statements")
PATH = "/v1/rebate-statements"
RUNS = PATH + "/runs"
ONE = PATH + "/{rebate_statement_id}"

Reader = Annotated[Context, Depends(Allow("rebates:read"))]
Calculator = Annotated[Context, Depends(Allow("rebate-statements:write", reads=("rebates",)))]
Writer = Annotated[Context, Depends(Allow("rebate-statements:write"))]
Payer = Annotated[Context, Depends(Allow("rebate-statements:write", reads=("partner_hold", "rebates")))]
Approver = Annotated[Context, Depends(Allow("rebate-statements:approve", reads=("partner_hold", "rebates")))]
_APPROVE, _PAY, _DISPUTE, _RECALCULATE, _CANCEL = (
    shown_move(service.NOUN, MOVES, action) for action in ("approve", "pay", "dispute", "recalculate", "cancel")
)


@router.post(PATH, response_model=JobRead, status_code=202)
async def calculate_rebate_statements(body: RebateStatementsRun, work: Calculator) -> Response:
    """Calculate statements of a partner, or of all: a job, whose result counts them.

    A statement has all entries posted up to the day that stand in no other, and what decided ones carried to it. A
    partner whose last statement still waits for its decision, or of whom there is nothing to state, gets none.
    """
    job = await service.start_run(work, body)
    return job_answer(job, 202, f"{RUNS}/{job['id']}")


@router.get(RUNS + "/{statement_run_id}", response_model=JobRead)
async def get_rebate_statements_run(statement_run_id: UUID, work: Reader) -> Response:
    """Progress of a job that calculates statements; its result counts partners and statements."""
    return job_answer(await service.get_run(work, statement_run_id))


@router.get(PATH, response_model=page_of(RebateStatementRead), openapi_extra=documented(STATEMENTS))
async def list_rebate_statements(work: Reader) -> Response:
    """Statements, the latest posting date first."""
    return await list_answer(work, STATEMENTS)


@router.get(ONE, response_model=RebateStatementRead)
async def get_rebate_statement(rebate_statement_id: UUID, work: Reader) -> Response:
    """One statement."""
    return row_answer(RebateStatementRead, await service.require_statement(work, rebate_statement_id))


@router.get(ONE + "/lines", response_model=page_of(RebateStatementLineRead), openapi_extra=documented(LINES))
async def list_rebate_statement_lines(rebate_statement_id: UUID, work: Reader) -> Response:
    """Accruals and adjustments of a statement; what was taken back is negative."""
    row = await service.require_statement(work, rebate_statement_id)
    return await list_answer(work, LINES, "l.statement_id = $1", [row.id])


@router.post(ONE + "/approve", response_model=RebateStatementRead, openapi_extra=_APPROVE)
async def approve_rebate_statement(rebate_statement_id: UUID, work: Approver) -> Response:
    """Agree to a statement that others calculated and adjusted (409 `same-person`); 409 `partner-on-hold`.

    Periods that ended by its posting date are closed: what comes back of their orders takes back its part of what was
    earned then, in the period of the return.
    """
    return row_answer(RebateStatementRead, await service.approve_statement(work, rebate_statement_id))


@router.post(ONE + "/pay", response_model=RebateStatementRead, openapi_extra=_PAY)
async def pay_rebate_statement(rebate_statement_id: UUID, body: RebateStatementPay, work: Payer) -> Response:
    """What is payable was paid; 409 `nothing-to-pay` where all is carried, `partner-on-hold`; 422 `future-date`."""
    return row_answer(RebateStatementRead, await service.pay_statement(work, rebate_statement_id, body))


@router.post(ONE + "/dispute", response_model=RebateStatementRead, openapi_extra=_DISPUTE)
async def dispute_rebate_statement(rebate_statement_id: UUID, body: RebateStatementReason, work: Writer) -> Response:
    """Somebody does not agree: it is not approved until it was calculated again."""
    return row_answer(RebateStatementRead, await service.dispute_statement(work, rebate_statement_id, body.reason))


@router.post(ONE + "/recalculate", response_model=RebateStatementRead, openapi_extra=_RECALCULATE)
async def recalculate_rebate_statement(rebate_statement_id: UUID, work: Calculator) -> Response:
    """Take in what was posted since up to its posting date, adjustments too; who asks is its author."""
    return row_answer(RebateStatementRead, await service.recalculate_statement(work, rebate_statement_id))


@router.post(ONE + "/cancel", response_model=RebateStatementRead, openapi_extra=_CANCEL)
async def cancel_rebate_statement(rebate_statement_id: UUID, body: RebateStatementReason, work: Writer) -> Response:
    """Give a statement up; its entries are free for the next one."""
    return row_answer(RebateStatementRead, await service.cancel_statement(work, rebate_statement_id, body.reason))
