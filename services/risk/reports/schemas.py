"""Schemas of the dashboard and its snapshots; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.web.schema import Schema
from services.risk.alerts.enums import IndicatorLevel
from services.risk.assessments.schemas import HeatMapRead
from services.risk.policies.enums import CreditGrade, RiskBand
from services.risk.profiles.enums import HoldReason
from services.risk.receivables.schemas import AgeingRead, FiguresRead
from services.risk.studies.schemas import LossCurveRead


class TopRiskRead(Schema):
    """A risk and where it stands in the matrix."""

    id: UUID
    code: str
    title: str
    likelihood: int
    impact: int
    band: RiskBand


class GradeCountRead(Schema):
    """How many accounts have a grade, and what of their use is expected to be lost."""

    grade: CreditGrade
    accounts: int
    expected_loss: int


class HoldCountRead(Schema):
    """How many holds of a reason stand."""

    hold_reason: HoldReason
    holds: int


class AlertCountRead(Schema):
    """How many alerts of a level stand."""

    level: IndicatorLevel
    alerts: int


class ObligationCountRead(Schema):
    """Obligations of signed contracts: those that fall due within 30 days, and those that are late."""

    due: int
    late: int


class DueRenewalRead(Schema):
    """A contract of which notice must be given soon."""

    id: UUID
    number: str
    ends_on: date
    notice_by: date


class RiskDashboardRead(Schema):
    """All risks at one glance, within the caller's record scope.

    `top_risks` are the ten worst of the heat map, `loss_curve` that of the last completed reference study (null:
    there is none), `figures` days sales outstanding of 90 days, `grades` those of accounts that lead to no other,
    `renewals` the first ten contracts with a last day of notice within 90 days.
    """

    as_of: date
    currency: str
    top_risks: list[TopRiskRead]
    heat_map: HeatMapRead
    loss_curve: LossCurveRead | None
    ageing: AgeingRead
    figures: FiguresRead
    grades: list[GradeCountRead]
    expected_loss: int
    holds: list[HoldCountRead]
    alerts: list[AlertCountRead]
    obligations: ObligationCountRead
    renewals: list[DueRenewalRead]


class RiskSnapshotSummary(Schema):
    """A snapshot without what it shows."""

    id: UUID
    day: date
    sha256: str
    is_late: bool
    taken_at: datetime


class RiskSnapshotRead(RiskSnapshotSummary):
    """What the dashboard showed of a day; `sha256` is that of `body` as JSON without spaces, names sorted, in UTF-8.

    Heat map, loss curve, ageing and figures are those of the end of the day, by what was known at `taken_at`; grades,
    holds, alerts, obligations and renewals those that stood at `taken_at`. `is_late`: later than on the day after.
    """

    body: RiskDashboardRead
