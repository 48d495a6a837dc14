"""Use cases of reports: the dashboard as it is now, and its snapshot of a day."""

from __future__ import annotations

from datetime import date
from typing import Final

from kit import clock
from kit.ids import new_id
from kit.work import Work
from services.risk.alerts.enums import IndicatorLevel
from services.risk.assessments import service as assessments
from services.risk.assessments.schemas import HeatMapQuery, HeatMapRead
from services.risk.policies.enums import CreditGrade
from services.risk.profiles.enums import HoldReason
from services.risk.receivables import service as receivables
from services.risk.receivables.schemas import FiguresQuery
from services.risk.reports import repository
from services.risk.reports.models import RiskSnapshot
from services.risk.reports.repository import GradeCount
from services.risk.reports.rules import DAY, is_late, worst_first
from services.risk.reports.schemas import (
    AlertCountRead,
    DueRenewalRead,
    GradeCountRead,
    HoldCountRead,
    ObligationCountRead,
    RiskDashboardRead,
    TopRiskRead,
)
from services.risk.reports.sealing import seal_of
from services.risk.studies import service as studies

NOUN = "risk-snapshot"
PROJECTIONS: Final = ("receivable", "account_redirect")
"""What the dashboard is read from, among others."""
MOST_RISKS = 10
FIGURE_DAYS, DUE_DAYS, RENEWAL_DAYS, MOST_RENEWALS = 90, 30, 90, 10
ALERTING = (IndicatorLevel.RED, IndicatorLevel.AMBER)


async def read_dashboard(work: Work, day: date) -> RiskDashboardRead:
    """What the caller sees of all risks: at the end of a day, where that can be told, else now."""
    visible = work.visible
    heat_map = await assessments.heat_map(work, HeatMapQuery(as_of=day))
    before = clock.start_of_day(work.settings.timezone, day + DAY)
    found = await repository.grades(work.tx, visible, day)
    by_grade = [found.get(grade, GradeCount(grade, 0, 0)) for grade in CreditGrade]
    holds, alerts = await repository.holds(work.tx, visible), await repository.alerts(work.tx, visible)
    renewals = await repository.renewals(work.tx, visible, day, RENEWAL_DAYS, MOST_RENEWALS)
    return RiskDashboardRead(
        as_of=day,
        currency=work.base_currency,
        top_risks=_top(heat_map),
        heat_map=heat_map,
        loss_curve=await studies.reference_curve(work, before),
        ageing=await receivables.read_ageing(work, day),
        figures=await receivables.read_figures(work, FiguresQuery(as_of=day, window_days=FIGURE_DAYS)),
        grades=[GradeCountRead.model_validate(one) for one in by_grade],
        expected_loss=sum(one.expected_loss for one in by_grade),
        holds=[HoldCountRead(hold_reason=each, holds=holds.get(each, 0)) for each in HoldReason],
        alerts=[AlertCountRead(level=each, alerts=alerts.get(each, 0)) for each in ALERTING],
        obligations=ObligationCountRead.model_validate(await repository.obligations(work.tx, visible, day, DUE_DAYS)),
        renewals=[DueRenewalRead.model_validate(one) for one in renewals],
    )


def _top(heat_map: HeatMapRead) -> list[TopRiskRead]:
    """The first risks of the worst cells."""
    found = [
        TopRiskRead(**dict(risk), likelihood=cell.likelihood, impact=cell.impact, band=cell.band)
        for cell in worst_first(heat_map.cells)
        for risk in cell.risks
    ]
    return found[:MOST_RISKS]


async def take_snapshot(work: Work, day: date) -> bool:
    """Keep what the dashboard shows of a day that is over, for ever; False where there is one."""
    body = await read_dashboard(work, day)
    snapshot = RiskSnapshot(
        id=new_id(),
        day=day,
        body=body,
        sha256=seal_of(body.model_dump(mode="json")),
        is_late=is_late(day, work.today),
        taken_at=clock.now(),
    )
    return await repository.add_snapshot(work.tx, snapshot)
