"""Who may do what in the targets service."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Grants, permissions_by_role
from services.targets.action_plans.access import GRANTS as ACTION_PLANS
from services.targets.adjustments.access import GRANTS as ADJUSTMENTS
from services.targets.alerts.access import GRANTS as ALERTS
from services.targets.attainment.access import GRANTS as ATTAINMENT
from services.targets.calendars.access import GRANTS as CALENDARS
from services.targets.checks.access import GRANTS as CHECKS
from services.targets.commits.access import GRANTS as COMMITS
from services.targets.credits.access import GRANTS as CREDITS
from services.targets.forecasts.access import GRANTS as FORECASTS
from services.targets.kpis.access import GRANTS as KPIS
from services.targets.members.access import GRANTS as MEMBERS
from services.targets.observations.access import GRANTS as OBSERVATIONS
from services.targets.plans.access import GRANTS as PLANS
from services.targets.policies.access import GRANTS as POLICIES
from services.targets.report_schedules.access import GRANTS as REPORTS
from services.targets.roles import ADMINISTRATOR, AUDITOR
from services.targets.targets.access import GRANTS as TARGETS
from services.targets.territories.access import GRANTS as TERRITORIES
from services.targets.units.access import GRANTS as UNITS

OPERATIONS: Grants = {"operations:read": frozenset({AUDITOR}), "operations:write": frozenset()}

PERMISSIONS: Mapping[str, frozenset[str]] = permissions_by_role(
    ADMINISTRATOR,
    OPERATIONS,
    CALENDARS,
    UNITS,
    MEMBERS,
    TERRITORIES,
    POLICIES,
    TARGETS,
    CHECKS,
    COMMITS,
    CREDITS,
    ATTAINMENT,
    FORECASTS,
    ALERTS,
    REPORTS,
    KPIS,
    OBSERVATIONS,
    PLANS,
    ACTION_PLANS,
    ADJUSTMENTS,
)
