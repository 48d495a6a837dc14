"""Every table of the risk service, so that migrations see them all."""

from __future__ import annotations

from kit.due.tables import DueFailureRow
from kit.events.tables import ConsumerOffsetRow, InboxRow, OutboxRow, ParkedEventRow, ProjectionStateRow
from kit.jobs.tables import JobRow
from kit.security.audit import AuditRow
from kit.web.idempotency import IdempotencyRow
from services.risk.alerts.models import RiskAlertTable
from services.risk.amendments.models import AmendmentTable
from services.risk.assessments.models import AssessmentTable
from services.risk.contracts.models import ContractTable, ContractVersionTable
from services.risk.controls.models import ControlTable
from services.risk.credit.models import (
    CreditDecisionTable,
    ExposureAccountTable,
    ExposureEntryTable,
    ExposurePartnerTable,
    OrderExposureTable,
)
from services.risk.db import Base
from services.risk.deposits.models import WaitingDepositTable
from services.risk.directory.models import (
    AccountDirectory,
    CalendarYearTable,
    ExchangeRateTable,
    PartnerDirectory,
    Principal,
)
from services.risk.disputes.models import DisputeOrderTable, DisputeTable
from services.risk.holds.models import CreditHoldTable, HoldSweepTable
from services.risk.incidents.models import IncidentTable, IncidentVersionTable
from services.risk.indicators.models import (
    IndicatorReadingTable,
    IndicatorTable,
    IndicatorValueTable,
    TallyBreachTable,
    TallyBucketTable,
    TallyCaseTable,
    TallyConflictTable,
    TallyDiscountTable,
    TallyLineTable,
    TallySourceTable,
    TallyWarningTable,
    TargetPaceTable,
)
from services.risk.losses.models import CaseRemedyTable, ChurnedAccountTable
from services.risk.marks.models import IndicatorMarkTable
from services.risk.obligations.models import FulfilmentMoveTable, ObligationBookTable, ObligationTable
from services.risk.payables.models import PartnerPayableMoveTable, PartnerPayableTable
from services.risk.pipeline.models import PipelineOpportunityTable
from services.risk.policies.models import RiskPolicyTable
from services.risk.profiles.models import CreditProfileTable, LimitRaiseTable
from services.risk.receivables.models import ReceivableMoveTable, ReceivableTable
from services.risk.redirects.models import AccountRedirectTable, AccountRootTable
from services.risk.reports.models import RiskSnapshotTable, SnapshotNightTable
from services.risk.risks.models import RiskStepTable, RiskTable
from services.risk.scenarios.models import ScenarioTable
from services.risk.scorecards.models import CreditScoreTable, ScoreSweepTable, ScoringNightTable, ScoringRunTable
from services.risk.simulations.models import RiskPolicySimulationResultTable, RiskPolicySimulationTable
from services.risk.statements.models import CreditReportTable, FinancialStatementTable
from services.risk.studies.models import StudyResultTable, StudyRunTable, StudyScenarioTable, StudyTable
from services.risk.sums.models import KeptDayTable, KeptShareTable, KeptSumTable
from services.risk.treatments.models import TreatmentSimulationTable, TreatmentTable


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


class IdempotencyKey(IdempotencyRow, Base, table=True):
    """Answers kept for their keys."""


class AuditLog(AuditRow, Base, table=True):
    """Who changed what."""


class Job(JobRow, Base, table=True):
    """Long work."""


class DueFailure(DueFailureRow, Base, table=True):
    """Due rows whose step failed."""


METADATA = Base.metadata

__all__ = [
    "METADATA",
    "AccountDirectory",
    "AccountRedirectTable",
    "AccountRootTable",
    "AmendmentTable",
    "AssessmentTable",
    "CalendarYearTable",
    "CaseRemedyTable",
    "ChurnedAccountTable",
    "ContractTable",
    "ContractVersionTable",
    "ControlTable",
    "CreditDecisionTable",
    "CreditHoldTable",
    "CreditProfileTable",
    "CreditReportTable",
    "CreditScoreTable",
    "DisputeOrderTable",
    "DisputeTable",
    "ExchangeRateTable",
    "ExposureAccountTable",
    "ExposureEntryTable",
    "ExposurePartnerTable",
    "FinancialStatementTable",
    "FulfilmentMoveTable",
    "HoldSweepTable",
    "IncidentTable",
    "IncidentVersionTable",
    "IndicatorMarkTable",
    "IndicatorReadingTable",
    "IndicatorTable",
    "IndicatorValueTable",
    "KeptDayTable",
    "KeptShareTable",
    "KeptSumTable",
    "LimitRaiseTable",
    "ObligationBookTable",
    "ObligationTable",
    "OrderExposureTable",
    "PartnerDirectory",
    "PartnerPayableMoveTable",
    "PartnerPayableTable",
    "PipelineOpportunityTable",
    "Principal",
    "ReceivableMoveTable",
    "ReceivableTable",
    "RiskAlertTable",
    "RiskPolicySimulationResultTable",
    "RiskPolicySimulationTable",
    "RiskPolicyTable",
    "RiskSnapshotTable",
    "RiskStepTable",
    "RiskTable",
    "ScenarioTable",
    "ScoreSweepTable",
    "ScoringNightTable",
    "ScoringRunTable",
    "SnapshotNightTable",
    "StudyResultTable",
    "StudyRunTable",
    "StudyScenarioTable",
    "StudyTable",
    "TallyBreachTable",
    "TallyBucketTable",
    "TallyCaseTable",
    "TallyConflictTable",
    "TallyDiscountTable",
    "TallyLineTable",
    "TallySourceTable",
    "TallyWarningTable",
    "TargetPaceTable",
    "TreatmentSimulationTable",
    "TreatmentTable",
    "WaitingDepositTable",
]
