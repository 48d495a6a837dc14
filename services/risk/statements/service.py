"""Use cases of financial statements and credit reports: entered, and never changed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit import clock
from kit.db.rows import insert_rows
from kit.errors import FieldError
from kit.ids import new_id
from kit.records import audit_added
from kit.work import Work
from services.risk.directory import service as directory
from services.risk.policies.rules import FutureDate
from services.risk.statements.models import CreditReport, FinancialStatement
from services.risk.statements.schemas import CreditReportCreate, FinancialStatementCreate

STATEMENT, REPORT = "financial-statement", "credit-report"


def _check_past(day: date, today: date, pointer: str) -> None:
    """Raises FutureDate."""
    if day > today:
        raise FutureDate(errors=[FieldError(pointer, FutureDate.code, f"today is {today}")])


async def add_statement(work: Work, data: FinancialStatementCreate) -> UUID:
    """Enter a financial statement; the next score counts it. Raises FutureDate, NotHeardYet."""
    _check_past(data.period_end, work.today, "/period_end")
    await directory.require_party(work, data.account_id, None)
    row = FinancialStatement(id=new_id(), **data.model_dump(), created_by=work.actor.subject, created_at=clock.now())
    await insert_rows(work.tx, FinancialStatement, [row])
    await audit_added(work, "financial_statement", row.id, data.model_dump(mode="json"))
    return row.id


async def add_report(work: Work, data: CreditReportCreate) -> UUID:
    """Enter a credit report; the next score counts it. Raises FutureDate, NotHeardYet."""
    _check_past(data.reported_on, work.today, "/reported_on")
    await directory.require_party(work, data.account_id, None)
    row = CreditReport(id=new_id(), **data.model_dump(), created_by=work.actor.subject, created_at=clock.now())
    await insert_rows(work.tx, CreditReport, [row])
    await audit_added(work, "credit_report", row.id, data.model_dump(mode="json"))
    return row.id
