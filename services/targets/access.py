"""Who may do what in the targets service."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Grants, permissions_by_role
from services.targets.attainment.access import GRANTS as ATTAINMENT
from services.targets.calendars.access import GRANTS as CALENDARS
from services.targets.commits.access import GRANTS as COMMITS
from services.targets.credits.access import GRANTS as CREDITS
from services.targets.members.access import GRANTS as MEMBERS
from services.targets.policies.access import GRANTS as POLICIES
from services.targets.roles import ADMINISTRATOR, AUDITOR
from services.targets.targets.access import GRANTS as TARGETS
from services.targets.units.access import GRANTS as UNITS

OPERATIONS: Grants = {"operations:read": frozenset({AUDITOR}), "operations:write": frozenset()}

PERMISSIONS: Mapping[str, frozenset[str]] = permissions_by_role(
    ADMINISTRATOR, OPERATIONS, CALENDARS, UNITS, MEMBERS, POLICIES, TARGETS, COMMITS, CREDITS, ATTAINMENT
)
