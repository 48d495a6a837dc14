"""Financial statements and credit reports: what scores are made of."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.directory.service import owned
from services.risk.statements import service
from services.risk.statements.lists import REPORTS, STATEMENTS
from services.risk.statements.schemas import (
    CreditReportCreate,
    CreditReportRead,
    FinancialStatementCreate,
    FinancialStatementRead,
)

router = routes.router("credit-evidence")

STATEMENTS_PATH, REPORTS_PATH = "/v1/financial-statements", "/v1/credit-reports"
Reader = Annotated[Context, Depends(Allow("credit:read"))]
Writer = Annotated[Context, Depends(Allow("credit:write"))]


@router.post(STATEMENTS_PATH, response_model=FinancialStatementRead, status_code=201)
async def create_financial_statement(body: FinancialStatementCreate, work: Writer) -> Response:
    """Enter a financial statement of an account; its next score counts it."""
    found = await service.add_statement(work, body)
    return await item_answer(work, STATEMENTS, found, service.STATEMENT, made_at=f"{STATEMENTS_PATH}/{found}")


@router.get(STATEMENTS_PATH, response_model=page_of(FinancialStatementRead), openapi_extra=documented(STATEMENTS))
async def list_financial_statements(work: Reader) -> Response:
    """Financial statements, the last entered first."""
    return await list_answer(work, STATEMENTS, *owned(work))


@router.get(STATEMENTS_PATH + "/{statement_id}", response_model=FinancialStatementRead)
async def get_financial_statement(statement_id: UUID, work: Reader) -> Response:
    """One financial statement."""
    return await item_answer(work, STATEMENTS, statement_id, service.STATEMENT, *owned(work))


@router.post(REPORTS_PATH, response_model=CreditReportRead, status_code=201)
async def create_credit_report(body: CreditReportCreate, work: Writer) -> Response:
    """Enter what a credit agency says of an account; its next score counts it."""
    found = await service.add_report(work, body)
    return await item_answer(work, REPORTS, found, service.REPORT, made_at=f"{REPORTS_PATH}/{found}")


@router.get(REPORTS_PATH, response_model=page_of(CreditReportRead), openapi_extra=documented(REPORTS))
async def list_credit_reports(work: Reader) -> Response:
    """Credit reports, the last entered first."""
    return await list_answer(work, REPORTS, *owned(work))


@router.get(REPORTS_PATH + "/{credit_report_id}", response_model=CreditReportRead)
async def get_credit_report(credit_report_id: UUID, work: Reader) -> Response:
    """One credit report."""
    return await item_answer(work, REPORTS, credit_report_id, service.REPORT, *owned(work))
