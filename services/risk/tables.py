"""Every table of the risk service, so that migrations see them all."""

from __future__ import annotations

from kit.due.tables import DueFailureRow
from kit.events.tables import ConsumerOffsetRow, InboxRow, OutboxRow, ParkedEventRow, ProjectionStateRow
from kit.jobs.tables import JobRow
from kit.security.audit import AuditRow
from kit.web.idempotency import IdempotencyRow
from services.risk.amendments.models import AmendmentTable
from services.risk.assessments.models import AssessmentTable
from services.risk.contracts.models import ContractTable, ContractVersionTable
from services.risk.controls.models import ControlTable
from services.risk.credit.models import (
    CreditDecisionTable,
    ExposureAccountTable,
    ExposureEntryTable,
    OrderExposureTable,
)
from services.risk.db import Base
from services.risk.directory.models import AccountDirectory, PartnerDirectory, Principal
from services.risk.incidents.models import IncidentTable, IncidentVersionTable
from services.risk.obligations.models import FulfilmentMoveTable, ObligationBookTable, ObligationTable
from services.risk.policies.models import RiskPolicyTable
from services.risk.profiles.models import CreditProfileTable
from services.risk.receivables.models import ReceivableMoveTable, ReceivableTable
from services.risk.risks.models import RiskStepTable, RiskTable


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
    "AmendmentTable",
    "AssessmentTable",
    "ContractTable",
    "ContractVersionTable",
    "ControlTable",
    "CreditDecisionTable",
    "CreditProfileTable",
    "ExposureAccountTable",
    "ExposureEntryTable",
    "FulfilmentMoveTable",
    "IncidentTable",
    "IncidentVersionTable",
    "ObligationBookTable",
    "ObligationTable",
    "OrderExposureTable",
    "PartnerDirectory",
    "Principal",
    "ReceivableMoveTable",
    "ReceivableTable",
    "RiskPolicyTable",
    "RiskStepTable",
    "RiskTable",
]
