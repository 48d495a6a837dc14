"""Events of risk's alerts -> directory (a projection: a pure function of the events)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.targets.events_in.risk import AlertHeard
from services.targets.risk_alerts import repository
from services.targets.risk_alerts.models import RiskAlert

ALERTS = ("risk.alert.raised.v1", "risk.alert.acknowledged.v1", "risk.alert.resolved.v1")


async def project_risk_alert(tx: Tx, facts: Sequence[Fact[AlertHeard]]) -> None:
    """Keep each alert as risk told of it last."""
    latest: dict[object, RiskAlert] = {}
    for one in sorted((fact.data for fact in facts), key=lambda data: data.version):
        latest[one.id] = RiskAlert(**{name: getattr(one, name) for name in RiskAlert.model_fields})
    await repository.put_alerts(tx, sorted(latest.values(), key=lambda row: row.id))
