"""Overviews: what risk knows of an account, and what stands open in the company, in one answer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.overviews import Operation, overview_answer, overview_of
from services.risk.alerts.router import router as alerts
from services.risk.contracts.router import router as contracts
from services.risk.credit.router import router as credit
from services.risk.profiles.router import router as profiles
from services.risk.receivables.router import router as receivables

router = routes.router("risk-overviews")
Reader = Annotated[Context, Depends(Allow(None))]
_OF, _FEW = {"account_id": "{account_id}"}, {"limit": "20"}
OF_ACCOUNT = {
    "exposure": Operation(credit, "/v1/exposures/{account_id}"),
    "credit": Operation(profiles, "/v1/credit-profiles/{account_id}"),
    "receivables": Operation(receivables, "/v1/receivables", _OF | {"open[gt]": "0", "sort": "due_on"} | _FEW),
    "receivable_figures": Operation(receivables, "/v1/receivable-figures", _OF),
    "contracts": Operation(contracts, "/v1/contracts", _OF | {"state[in]": "signed,in_force"} | _FEW),
}
OF_COMPANY = {
    "alerts": Operation(alerts, "/v1/risk-alerts", {"state[ne]": "resolved"} | _FEW),
    "ageing": Operation(receivables, "/v1/receivable-ageings", {"by": "total"}),
}
_TEXT = "Each part has the permission and the record scope of its own operation; a list has its first 20."
AccountRiskRead = overview_of("AccountRiskRead", f"What risk knows of an account. {_TEXT}", OF_ACCOUNT, account_id=UUID)
CompanyRiskRead = overview_of("CompanyRiskRead", f"What stands open in the company. {_TEXT}", OF_COMPANY)


@router.get("/v1/risk-overviews/accounts/{account_id}", response_model=AccountRiskRead)
async def get_account_risk(account_id: UUID, work: Reader) -> Response:
    """An account's exposure, credit, receivables with their figures, and contracts; a part that the caller may not read
    is `refused`, one of which there is nothing `absent`, one that fails `unavailable`."""
    return await overview_answer(work, OF_ACCOUNT, {"account_id": str(account_id)}, needs="credit")


@router.get("/v1/risk-overviews/company", response_model=CompanyRiskRead)
async def get_company_risk(work: Reader) -> Response:
    """Standing alerts and the ageing of receivables, of what the caller sees; a part that the caller may not read is
    `refused`, one that fails `unavailable`."""
    return await overview_answer(work, OF_COMPANY, {})
