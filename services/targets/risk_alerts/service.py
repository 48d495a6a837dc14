"""What other slices ask of the alerts of risk."""

from __future__ import annotations

from uuid import UUID

from kit.events.projections import require_filled
from kit.work import Work
from services.targets.risk_alerts import repository
from services.targets.risk_alerts.models import RiskAlert

DIRECTORY = "risk_alert"


async def find_risk_alert(work: Work, alert_id: UUID) -> RiskAlert | None:
    """An alert by id. Raises ProjectionBuilding when it is unknown while the directory has never been filled."""
    found = await repository.find_alert(work.tx, alert_id)
    if found is None:
        await require_filled(work.tx, [DIRECTORY])
    return found
