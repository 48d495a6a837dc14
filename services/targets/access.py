"""Who may do what in the targets service, and which records they see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kit.clock import business_date
from kit.security.principals import Reach, reach_of
from kit.web.context import Context, scope_of
from services.targets.units.repository import list_units_led

_ORGANISATION = frozenset({"units:read", "members:read"})
_RESULTS = frozenset({"targets:read", "attainment:read", "credits:read"})
_WRITE = frozenset({"units:write", "members:write", "targets:write"})
_OPERATIONS_READ = frozenset({"operations:read"})
_OPERATIONS = _OPERATIONS_READ | {"operations:write", "attainment:rebuild"}

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "administrator": _ORGANISATION | _RESULTS | _WRITE | _OPERATIONS,
    "sales_director": _ORGANISATION | _RESULTS | _WRITE,
    "sales_manager": _ORGANISATION | _RESULTS,
    "sales_rep": _ORGANISATION | _RESULTS,
    "risk_officer": _ORGANISATION,
    "channel_manager": _ORGANISATION,
    "service_agent": _ORGANISATION,
    "auditor": _ORGANISATION | _RESULTS | _OPERATIONS_READ,
}

REACHES: Mapping[str, Reach] = {
    "administrator": "all",
    "sales_director": "all",
    "risk_officer": "all",
    "channel_manager": "all",
    "service_agent": "all",
    "auditor": "all",
    "sales_manager": "subtree",
    "sales_rep": "own",
}


@dataclass(frozen=True, slots=True)
class Visible:
    """What the caller sees of results: everything, or what belongs to `members` or to `units`.

    A manager sees what was credited inside the units led, also of members who have moved away since.
    """

    everything: bool
    members: tuple[UUID, ...] = ()
    units: tuple[UUID, ...] = ()


async def visible_to(context: Context) -> Visible:
    """What the caller sees of targets, credits and attainment."""
    scope = await scope_of(context)
    if scope.everything:
        return Visible(everything=True)
    units: list[UUID] = []
    if reach_of(context.actor, REACHES) == "subtree":
        today = business_date(context.runtime.settings.timezone)
        units = await list_units_led(context.tx, context.actor.subject, today)
    return Visible(False, scope.members, tuple(units))
