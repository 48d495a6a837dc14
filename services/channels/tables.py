"""Every table of the channels service, so that migrations see them all."""

from __future__ import annotations

from kit.due.tables import DueFailureRow
from kit.events.tables import ConsumerOffsetRow, InboxRow, OutboxRow, ParkedEventRow, ProjectionStateRow
from kit.jobs.tables import JobRow
from kit.security.audit import AuditRow
from kit.web.idempotency import IdempotencyRow
from services.channels.adjustments.models import RebateAdjustmentTable
from services.channels.agreements.models import AgreementCellTable, AgreementTable
from services.channels.certificates.models import PartnerCertificateTable
from services.channels.channel_costs.models import ChannelCostTable
from services.channels.channel_policies.models import ChannelPolicyTable
from services.channels.channels.models import ChannelTable
from services.channels.competitor_prices.models import CompetitorPriceTable
from services.channels.conflicts.models import (
    ConflictCounterTable,
    ConflictEvidenceTable,
    ConflictStatementTable,
    ConflictTable,
)
from services.channels.coupons.models import CouponTable
from services.channels.db import Base
from services.channels.deals.models import DealOrderLineTable, DealTable
from services.channels.directory.models import AccountIdentityTable, CalendarYearTable, PartnerHoldTable, Principal
from services.channels.ledgers.models import LedgerAccountTable, LedgerEntryTable
from services.channels.partner_contacts.models import DataKeyTable, PartnerContactTable
from services.channels.partner_criteria.models import PartnerCriteriaTable
from services.channels.partner_documents.models import PartnerDocumentTable
from services.channels.partner_logs.models import PartnerLogTable
from services.channels.partner_screening.models import PartnerScreeningTable
from services.channels.partner_tasks.models import PartnerTaskTable
from services.channels.partners.models import PartnerTable
from services.channels.points.models import (
    PointsAccountTable,
    PointsAdjustmentTable,
    PointsEntryTable,
    PointsLineTable,
    PointsLotTable,
    PointsProgrammeTable,
    PointsUseLotTable,
    PointsUseTable,
)
from services.channels.points_draws.models import PointsDrawTable, PointsTicketTable
from services.channels.price_approvals.models import PriceApprovalTable
from services.channels.price_books.models import PriceBookTable, PriceEntryTable
from services.channels.product_costs.models import ProductCostTable
from services.channels.products.models import ProductTable
from services.channels.programmes.models import RebateProgrammeTable
from services.channels.promotion_groups.models import PromotionGroupTable
from services.channels.promotions.models import PromotionTable, RuleSetTable
from services.channels.quotes.models import (
    PriceFloorBreachTable,
    QuoteLineTable,
    QuotePartTable,
    QuoteTable,
    QuoteTraceTable,
)
from services.channels.rebates.models import (
    RebateAccountTable,
    RebateAccrualTable,
    RebateCloseTable,
    RebateEntryTable,
    RebateLayerTable,
    RebatePostingTable,
)
from services.channels.redirects.models import AccountRedirectTable, AccountRootTable
from services.channels.sales.models import (
    AccountFactTable,
    ActivityFactTable,
    CaseFactTable,
    ExchangeRateTable,
    OpportunityFactTable,
    SaleLineTable,
    SaleReturnTable,
    SaleTable,
    SurveyFactTable,
)
from services.channels.simulations.models import RebateSimulationResultTable, RebateSimulationTable
from services.channels.statements.models import RebateStatementLineTable, RebateStatementTable
from services.channels.terms.models import TermsHoldTable, TermsPartTable, TermsReservationTable
from services.channels.tier_evaluations.models import PartnerTierTable, TierEvaluationTable, TierResultTable
from services.channels.tier_programmes.models import TierProgrammeTable
from services.channels.trainings.models import TrainingTable
from services.channels.traits.models import AccountGradeTable, AccountSegmentTable, AccountStageTable


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


class DueFailure(DueFailureRow, Base, table=True):
    """Due rows that wait."""


class Job(JobRow, Base, table=True):
    """Long work."""


METADATA = Base.metadata

__all__ = [
    "METADATA",
    "AccountFactTable",
    "AccountGradeTable",
    "AccountIdentityTable",
    "AccountRedirectTable",
    "AccountRootTable",
    "AccountSegmentTable",
    "AccountStageTable",
    "ActivityFactTable",
    "AgreementCellTable",
    "AgreementTable",
    "CalendarYearTable",
    "CaseFactTable",
    "ChannelCostTable",
    "ChannelPolicyTable",
    "ChannelTable",
    "CompetitorPriceTable",
    "ConflictCounterTable",
    "ConflictEvidenceTable",
    "ConflictStatementTable",
    "ConflictTable",
    "CouponTable",
    "DataKeyTable",
    "DealOrderLineTable",
    "DealTable",
    "ExchangeRateTable",
    "LedgerAccountTable",
    "LedgerEntryTable",
    "OpportunityFactTable",
    "PartnerCertificateTable",
    "PartnerContactTable",
    "PartnerCriteriaTable",
    "PartnerDocumentTable",
    "PartnerHoldTable",
    "PartnerLogTable",
    "PartnerScreeningTable",
    "PartnerTable",
    "PartnerTaskTable",
    "PartnerTierTable",
    "PointsAccountTable",
    "PointsAdjustmentTable",
    "PointsDrawTable",
    "PointsEntryTable",
    "PointsLineTable",
    "PointsLotTable",
    "PointsProgrammeTable",
    "PointsTicketTable",
    "PointsUseLotTable",
    "PointsUseTable",
    "PriceApprovalTable",
    "PriceBookTable",
    "PriceEntryTable",
    "PriceFloorBreachTable",
    "Principal",
    "ProductCostTable",
    "ProductTable",
    "PromotionGroupTable",
    "PromotionTable",
    "QuoteLineTable",
    "QuotePartTable",
    "QuoteTable",
    "QuoteTraceTable",
    "RebateAccountTable",
    "RebateAccrualTable",
    "RebateAdjustmentTable",
    "RebateCloseTable",
    "RebateEntryTable",
    "RebateLayerTable",
    "RebatePostingTable",
    "RebateProgrammeTable",
    "RebateSimulationResultTable",
    "RebateSimulationTable",
    "RebateStatementLineTable",
    "RebateStatementTable",
    "RuleSetTable",
    "SaleLineTable",
    "SaleReturnTable",
    "SaleTable",
    "SurveyFactTable",
    "TermsHoldTable",
    "TermsPartTable",
    "TermsReservationTable",
    "TierEvaluationTable",
    "TierProgrammeTable",
    "TierResultTable",
    "TrainingTable",
]
