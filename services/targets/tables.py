"""Every table of the targets service, so that migrations see them all."""

from __future__ import annotations

from kit.due.tables import DueFailureRow
from kit.events.tables import ConsumerOffsetRow, InboxRow, OutboxRow, ParkedEventRow, ProjectionStateRow
from kit.jobs.tables import JobRow
from kit.security.audit import AuditRow
from kit.web.idempotency import IdempotencyRow
from services.targets.calendars.models import CalendarDayTable, CalendarYearTable
from services.targets.commits.models import TargetCommitTable
from services.targets.credits.models import (
    CreditBucketTable,
    CreditedOrderTable,
    CreditLabelTable,
    CreditLineTable,
    CreditMonthTable,
)
from services.targets.db import Base
from services.targets.decompositions.models import DecompositionTable
from services.targets.members.models import MembershipTable, MemberTable, Principal
from services.targets.policies.models import TargetPolicyTable
from services.targets.products.models import ProductDirectory
from services.targets.targets.models import TargetTable, TargetVersionTable
from services.targets.units.models import UnitTable

__all__ = [
    "METADATA",
    "AuditLog",
    "CalendarDayTable",
    "CalendarYearTable",
    "ConsumerOffset",
    "CreditBucketTable",
    "CreditLabelTable",
    "CreditLineTable",
    "CreditMonthTable",
    "CreditedOrderTable",
    "DecompositionTable",
    "DueFailure",
    "IdempotencyKey",
    "Inbox",
    "Job",
    "MemberTable",
    "MembershipTable",
    "Outbox",
    "ParkedEvent",
    "Principal",
    "ProductDirectory",
    "TargetCommitTable",
    "TargetPolicyTable",
    "TargetTable",
    "TargetVersionTable",
    "UnitTable",
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
