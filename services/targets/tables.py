"""Every table of the targets service, so that migrations see them all."""

from __future__ import annotations

from kit.due.tables import DueFailureRow
from kit.events.tables import ConsumerOffsetRow, InboxRow, OutboxRow, ParkedEventRow, ProjectionStateRow
from kit.jobs.tables import JobRow
from kit.security.audit import AuditRow
from kit.web.idempotency import IdempotencyRow
from services.targets.accounts.models import AccountDirectory
from services.targets.action_plans.models import ActionPlanTable
from services.targets.adjustments.models import AdjustmentTable
from services.targets.alerts.models import TargetAlertTable, TargetJudgingTable
from services.targets.calendars.models import CalendarDayTable, CalendarYearTable
from services.targets.channels.models import ChannelDirectory
from services.targets.checks.models import TargetCheckTable
from services.targets.commits.models import TargetCommitTable
from services.targets.credit_marks.models import CreditMarkTable
from services.targets.crediting_splits.models import CreditingSplitTable
from services.targets.credits.models import (
    CreditBucketTable,
    CreditDayTable,
    CreditedOrderTable,
    CreditLabelTable,
    CreditLineTable,
    CreditMemberDayTable,
    CreditMemberMonthTable,
    CreditMemberProductTable,
    CreditMonthTable,
    CreditOfferDayTable,
    CreditRegionDayTable,
    UnlaunchedLineTable,
)
from services.targets.db import Base
from services.targets.decompositions.models import DecompositionTable
from services.targets.duties.models import RoleTable
from services.targets.forecasts.models import ForecastBacktestTable
from services.targets.kpi_facts.models import (
    KpiAccountTable,
    KpiAnswerTable,
    KpiCaseStepTable,
    KpiLeadTable,
    KpiMovementTable,
    KpiOpportunityTable,
    KpiPaymentTable,
    KpiSaleTable,
    KpiShareTable,
    KpiStageTable,
    KpiVisitTable,
)
from services.targets.kpis.models import KpiTable, KpiVersionTable
from services.targets.members.models import MembershipTable, MemberTable, Principal
from services.targets.observations.models import ObservationTable
from services.targets.plans.models import PlanTable
from services.targets.policies.models import TargetPolicyTable
from services.targets.products.models import ProductDirectory
from services.targets.redirects.models import AccountRedirectTable, AccountRootTable
from services.targets.report_schedules.models import ReportScheduleTable
from services.targets.reports.models import ReportTable
from services.targets.results.models import FreedOrderTable, OrderCashTable
from services.targets.risk_alerts.models import RiskAlertTable
from services.targets.strategies.models import StrategyTable
from services.targets.targets.models import TargetTable, TargetVersionTable
from services.targets.territories.models import TerritoryTable
from services.targets.two_way.models import TwoWayTable
from services.targets.units.models import UnitTable
from services.targets.updates.models import TargetNewsTable

__all__ = [
    "METADATA",
    "AccountDirectory",
    "AccountRedirectTable",
    "AccountRootTable",
    "ActionPlanTable",
    "AdjustmentTable",
    "AuditLog",
    "CalendarDayTable",
    "CalendarYearTable",
    "ChannelDirectory",
    "ConsumerOffset",
    "CreditBucketTable",
    "CreditDayTable",
    "CreditLabelTable",
    "CreditLineTable",
    "CreditMarkTable",
    "CreditMemberDayTable",
    "CreditMemberMonthTable",
    "CreditMemberProductTable",
    "CreditMonthTable",
    "CreditOfferDayTable",
    "CreditRegionDayTable",
    "CreditedOrderTable",
    "CreditingSplitTable",
    "DecompositionTable",
    "DueFailure",
    "ForecastBacktestTable",
    "FreedOrderTable",
    "IdempotencyKey",
    "Inbox",
    "Job",
    "KpiAccountTable",
    "KpiAnswerTable",
    "KpiCaseStepTable",
    "KpiLeadTable",
    "KpiMovementTable",
    "KpiOpportunityTable",
    "KpiPaymentTable",
    "KpiSaleTable",
    "KpiShareTable",
    "KpiStageTable",
    "KpiTable",
    "KpiVersionTable",
    "KpiVisitTable",
    "MemberTable",
    "MembershipTable",
    "ObservationTable",
    "OrderCashTable",
    "Outbox",
    "ParkedEvent",
    "PlanTable",
    "Principal",
    "ProductDirectory",
    "ReportScheduleTable",
    "ReportTable",
    "RiskAlertTable",
    "RoleTable",
    "StrategyTable",
    "TargetAlertTable",
    "TargetCheckTable",
    "TargetCommitTable",
    "TargetJudgingTable",
    "TargetNewsTable",
    "TargetPolicyTable",
    "TargetTable",
    "TargetVersionTable",
    "TerritoryTable",
    "TwoWayTable",
    "UnitTable",
    "UnlaunchedLineTable",
]


class Outbox(OutboxRow, Base, table=True):
    """Events to be sent."""


class Inbox(InboxRow, Base, table=True):
    """Events handled."""


class ConsumerOffset(ConsumerOffsetRow, Base, table=True):
    """Next offsets to read."""


class ParkedEvent(ParkedEventRow, Base, table=True):
    """Events that wait."""


class ProjectionState(ProjectionStateRow, Base, table=True):
    """Which projections stand."""


class DueFailure(DueFailureRow, Base, table=True):
    """Due rows whose step failed."""


class IdempotencyKey(IdempotencyRow, Base, table=True):
    """Answers kept for their keys."""


class AuditLog(AuditRow, Base, table=True):
    """Who changed what."""


class Job(JobRow, Base, table=True):
    """Long work."""


METADATA = Base.metadata
