"""Every table of the channels service, so that migrations see them all."""

from __future__ import annotations

from kit.due.tables import DueFailureRow
from kit.events.tables import ConsumerOffsetRow, InboxRow, OutboxRow, ParkedEventRow, ProjectionStateRow
from kit.jobs.tables import JobRow
from kit.security.audit import AuditRow
from kit.web.idempotency import IdempotencyRow
from services.channels.channel_costs.models import ChannelCostTable
from services.channels.channels.models import ChannelTable
from services.channels.competitor_prices.models import CompetitorPriceTable
from services.channels.db import Base
from services.channels.directory.models import Principal
from services.channels.partners.models import PartnerTable
from services.channels.price_books.models import PriceBookTable, PriceEntryTable
from services.channels.product_costs.models import ProductCostTable
from services.channels.products.models import ProductTable
from services.channels.programmes.models import RebateProgrammeTable
from services.channels.promotion_groups.models import PromotionGroupTable
from services.channels.promotions.models import PromotionTable, RuleSetTable
from services.channels.rebates.models import RebateAccountTable, RebateAccrualTable, RebateEntryTable
from services.channels.sales.models import AccountFactTable, ExchangeRateTable, SaleLineTable, SaleTable


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
    "ChannelCostTable",
    "ChannelTable",
    "CompetitorPriceTable",
    "ExchangeRateTable",
    "PartnerTable",
    "PriceBookTable",
    "PriceEntryTable",
    "Principal",
    "ProductCostTable",
    "ProductTable",
    "PromotionGroupTable",
    "PromotionTable",
    "RebateAccountTable",
    "RebateAccrualTable",
    "RebateEntryTable",
    "RebateProgrammeTable",
    "RuleSetTable",
    "SaleLineTable",
    "SaleTable",
]
