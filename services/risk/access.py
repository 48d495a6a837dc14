"""Who may do what in the risk service."""

from __future__ import annotations

from collections.abc import Mapping

from kit.security.principals import Grants, permissions_by_role
from services.risk.alerts.access import GRANTS as ALERTS
from services.risk.contracts.access import GRANTS as CONTRACTS
from services.risk.credit.access import GRANTS as CREDIT
from services.risk.holds.access import GRANTS as HOLDS
from services.risk.indicators.access import GRANTS as INDICATORS
from services.risk.policies.access import GRANTS as POLICIES
from services.risk.profiles.access import GRANTS as PROFILES
from services.risk.risks.access import GRANTS as RISKS
from services.risk.roles import ADMINISTRATOR, AUDITOR
from services.risk.studies.access import GRANTS as STUDIES

OPERATIONS: Grants = {"operations:read": frozenset({AUDITOR}), "operations:write": frozenset()}

PERMISSIONS: Mapping[str, frozenset[str]] = permissions_by_role(
    ADMINISTRATOR, OPERATIONS, ALERTS, INDICATORS, CONTRACTS, CREDIT, HOLDS, POLICIES, PROFILES, RISKS, STUDIES
)
