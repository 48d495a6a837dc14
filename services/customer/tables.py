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
from services.customer.consents.models import ConsentTable
from services.customer.contacts.models import (
    ContactExternalIdTable,
    ContactPointTable,
    ContactTable,
    DataKeyTable,
)
from services.customer.db import Base
from services.customer.directories.models import PartnerDirectory, Principal, ProductDirectory
from services.customer.exchange_rates.models import ExchangeRateTable
from services.customer.orders.models import OrderCheckTable, OrderLineTable, OrderSplitTable, OrderTable
from services.customer.payments.models import PaymentAllocationTable, PaymentRefundTable, PaymentTable
from services.customer.returns.models import OrderReturnTable
from services.customer.rule_sets.models import AccountLabelTable, RuleSetTable
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
    "AccountTable",
    "ActivityTable",
    "ConsentTable",
    "ContactExternalIdTable",
    "ContactPointTable",
    "ContactTable",
    "DataKeyTable",
    "ExchangeRateTable",
    "NightlyTable",
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
    "Principal",
    "ProductDirectory",
    "RuleSetTable",
    "TypeCheckTable",
]
