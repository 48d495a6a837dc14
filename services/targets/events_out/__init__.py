"""What targets says. Keys: units, members and calendars share one constant key; targets, their attainment and alerts
have the id of their root target, reports that of their schedule; credited orders and results the stream key of the
order or account. Amounts are minor units of the base currency, counts thousandths."""

from __future__ import annotations

from kit.events.contract import Published
from services.targets.events_out import (
    action_plans,
    adjustments,
    alerts,
    attainment,
    calendars,
    credits,
    decompositions,
    members,
    plans,
    reports,
    targets,
    territories,
    units,
)
from services.targets.events_out.credits import CreditLine, OrderCredited, ResultCredited
from services.targets.events_out.decompositions import DecompositionChild, TargetDecomposed
from services.targets.events_out.members import MemberJoined, MemberLeft, MemberMoved, Membership, MemberSnapshot
from services.targets.events_out.plans import PlanPromoted
from services.targets.events_out.targets import (
    TargetActivated,
    TargetAdjusted,
    TargetApproved,
    TargetClosed,
    TargetProposed,
    TargetSnapshot,
)
from services.targets.events_out.units import ORGANISATION_KEY, UnitChanged

__all__ = [
    "AGREED",
    "ORGANISATION_KEY",
    "PUBLISHED",
    "CreditLine",
    "DecompositionChild",
    "MemberJoined",
    "MemberLeft",
    "MemberMoved",
    "MemberSnapshot",
    "Membership",
    "OrderCredited",
    "PlanPromoted",
    "ResultCredited",
    "TargetActivated",
    "TargetAdjusted",
    "TargetApproved",
    "TargetClosed",
    "TargetDecomposed",
    "TargetProposed",
    "TargetSnapshot",
    "UnitChanged",
]

MODULES = (
    units,
    members,
    territories,
    targets,
    decompositions,
    credits,
    calendars,
    attainment,
    alerts,
    plans,
    action_plans,
    adjustments,
    reports,
)
PUBLISHED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.PUBLISHED)
AGREED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.AGREED)
"""What is agreed and not said yet: it moves to `PUBLISHED` with the change that says it first."""
