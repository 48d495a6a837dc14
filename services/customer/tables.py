"""Every table of the customer service, so that migrations see them all."""

from __future__ import annotations

from kit.due.tables import DueFailureRow
from kit.events.tables import ConsumerOffsetRow, InboxRow, OutboxRow, ParkedEventRow, ProjectionStateRow
from kit.jobs.tables import JobRow
from kit.security.audit import AuditRow
from kit.web.idempotency import IdempotencyRow
from services.customer.accounts.models import (
    AccountExternalIdTable,
    AccountFactTable,
    AccountTable,
    NightlyTable,
    TypeCheckTable,
)
from services.customer.activities.models import ActivityTable
from services.customer.cases.models import CaseTable, CaseYearTable
from services.customer.churn.models import ChurnFitTable, ChurnScoreTable
from services.customer.consents.models import ConsentTable
from services.customer.contacts.models import (
    ContactExternalIdTable,
    ContactPointTable,
    ContactTable,
    DataKeyTable,
)
from services.customer.credit_terms.models import CreditTermsTable
from services.customer.custom_fields.models import CustomFieldTable, CustomFieldUseTable, CustomValueTable
from services.customer.db import Base
from services.customer.directories.models import PartnerDirectory, Principal, ProductDirectory
from services.customer.exchange_rates.models import ExchangeRateTable
from services.customer.grading.models import GradeEntryTable, GradeResultTable, GradingRunTable
from services.customer.heard.models import HeardFactTable
from services.customer.identity.models import DuplicateCandidateTable, IdentityCheckTable, IdentityKeyTable
from services.customer.imports.models import ImportChunkTable, ImportRowTable, ImportTable
from services.customer.lead_consents.models import LeadConsentTable
from services.customer.leads.models import LeadTable
from services.customer.lifecycle.models import LifecycleMarkTable, LifecycleTable, StageEntryTable
from services.customer.merges.models import AccountMergeTable
from services.customer.offers.models import ChannelDirectory, PromotionDirectory, QuoteDirectory
from services.customer.opportunities.models import OpportunityStepTable, OpportunityTable
from services.customer.orders.models import (
    FirstOrderTable,
    OrderCheckTable,
    OrderLineTable,
    OrderSplitTable,
    OrderTable,
)
from services.customer.organisation.models import CalendarYearTable, UnitLeadTable
from services.customer.payments.models import PaymentAllocationTable, PaymentRefundTable, PaymentTable
from services.customer.pipelines.models import PipelineTable
from services.customer.policies.models import CustomerPolicyTable
from services.customer.returns.models import OrderReturnTable
from services.customer.rfm.models import RfmRunTable, RfmScoreTable
from services.customer.rule_sets.models import AccountLabelTable, RuleSetTable
from services.customer.satisfaction.models import SatisfactionMarkTable, SatisfactionTable
from services.customer.segments.models import SegmentMemberTable, SegmentTable
from services.customer.slas.models import CaseClockTable
from services.customer.surveys.models import AnswerTable, InvitationTable, InvitedContactTable, SurveyTable
from services.customer.timeline.models import OrderStepTable


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
    """Due rows that wait for another attempt."""


class IdempotencyKey(IdempotencyRow, Base, table=True):
    """Answers kept for their keys."""


class AuditLog(AuditRow, Base, table=True):
    """Who changed what."""


class Job(JobRow, Base, table=True):
    """Long work."""


METADATA = Base.metadata

__all__ = [
    "METADATA",
    "AccountExternalIdTable",
    "AccountFactTable",
    "AccountLabelTable",
    "AccountMergeTable",
    "AccountTable",
    "ActivityTable",
    "AnswerTable",
    "CalendarYearTable",
    "CaseClockTable",
    "CaseTable",
    "CaseYearTable",
    "ChannelDirectory",
    "ChurnFitTable",
    "ChurnScoreTable",
    "ConsentTable",
    "ContactExternalIdTable",
    "ContactPointTable",
    "ContactTable",
    "CreditTermsTable",
    "CustomFieldTable",
    "CustomFieldUseTable",
    "CustomValueTable",
    "CustomerPolicyTable",
    "DataKeyTable",
    "DuplicateCandidateTable",
    "ExchangeRateTable",
    "FirstOrderTable",
    "GradeEntryTable",
    "GradeResultTable",
    "GradingRunTable",
    "HeardFactTable",
    "IdentityCheckTable",
    "IdentityKeyTable",
    "ImportChunkTable",
    "ImportRowTable",
    "ImportTable",
    "InvitationTable",
    "InvitedContactTable",
    "LeadConsentTable",
    "LeadTable",
    "LifecycleMarkTable",
    "LifecycleTable",
    "NightlyTable",
    "OpportunityStepTable",
    "OpportunityTable",
    "OrderCheckTable",
    "OrderLineTable",
    "OrderReturnTable",
    "OrderSplitTable",
    "OrderStepTable",
    "OrderTable",
    "PartnerDirectory",
    "PaymentAllocationTable",
    "PaymentRefundTable",
    "PaymentTable",
    "PipelineTable",
    "Principal",
    "ProductDirectory",
    "PromotionDirectory",
    "QuoteDirectory",
    "RfmRunTable",
    "RfmScoreTable",
    "RuleSetTable",
    "SatisfactionMarkTable",
    "SatisfactionTable",
    "SegmentMemberTable",
    "SegmentTable",
    "StageEntryTable",
    "SurveyTable",
    "TypeCheckTable",
    "UnitLeadTable",
]
