"""What targets says. Keys: units and members share one constant key; targets the id of their root
target; credited orders the order's stream key. Amounts are minor units of the base currency."""

from __future__ import annotations

from kit.events.contract import Published
from services.targets.events_out import credits, decompositions, members, targets, units
from services.targets.events_out.credits import CreditLine, OrderCredited
from services.targets.events_out.decompositions import DecompositionChild, TargetDecomposed
from services.targets.events_out.members import MemberJoined, MemberLeft, MemberMoved, Membership, MemberSnapshot
from services.targets.events_out.targets import TargetActivated, TargetSnapshot
from services.targets.events_out.units import ORGANISATION_KEY, UnitChanged

__all__ = [
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
    "TargetDecomposed",
    "TargetSnapshot",
    "UnitChanged",
]

PUBLISHED: tuple[type[Published], ...] = (
    *units.PUBLISHED,
    *members.PUBLISHED,
    *targets.PUBLISHED,
    *decompositions.PUBLISHED,
    *credits.PUBLISHED,
)
