"""What targets says. Keys: units, members and calendars share one constant key; targets, their attainment and alerts
have the id of their root target; credited orders and results the stream key of the order or account. Amounts are minor
units of the base currency, counts thousandths."""

from __future__ import annotations

from kit.events.contract import Published
from services.targets.events_out import (
    alerts,
    attainment,
    calendars,
    credits,
    decompositions,
    members,
    targets,
    units,
)
from services.targets.events_out.credits import CreditLine, OrderCredited
from services.targets.events_out.decompositions import DecompositionChild, TargetDecomposed
from services.targets.events_out.members import MemberJoined, MemberLeft, MemberMoved, Membership, MemberSnapshot
from services.targets.events_out.targets import (
    TargetActivated,
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
    "TargetActivated",
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
    targets,
    decompositions,
    credits,
    calendars,
    attainment,
    alerts,
)
PUBLISHED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.PUBLISHED)
AGREED: tuple[type[Published], ...] = tuple(model for module in MODULES for model in module.AGREED)
"""What is agreed and not said yet: it moves to `PUBLISHED` with the change that says it first."""
