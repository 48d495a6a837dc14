"""SQL of treatments, of their simulations, and of the incidents that prove them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.risk.treatments.models import TreatmentSimulation

_RUNNING = select_sql(TreatmentSimulation, "treatment_id = $1 AND state = 'running'")
_LAST = select_sql(
    TreatmentSimulation,
    "treatment_id = $1 AND state = 'completed' AND effect = (SELECT t.effect FROM treatment t WHERE t.id = $1) "
    "ORDER BY created_at DESC, id DESC LIMIT 1",
)
_BY_ID = select_sql(TreatmentSimulation, "id = $1")
_LOSSES = """
SELECT count(*)::bigint AS incidents, coalesce(sum(i.gross_loss - i.recoveries), 0)::bigint AS loss
FROM incident i WHERE i.risk_id = $1 AND i.occurred_on >= $2 AND i.occurred_on < $3
"""


class Happened(NamedTuple):
    """Incidents, and what they cost on balance."""

    incidents: int
    loss: int


async def happened(tx: Tx, risk_id: UUID, since: date, until: date) -> Happened:
    """Incidents of a risk from a day on, before another."""
    (found,) = await tx.rows(Happened, _LOSSES, risk_id, since, until)
    return found


async def running(tx: Tx, treatment_id: UUID) -> TreatmentSimulation | None:
    """The simulation of a treatment that runs."""
    return await tx.row(TreatmentSimulation, _RUNNING, treatment_id)


async def last_completed(tx: Tx, treatment_id: UUID) -> TreatmentSimulation | None:
    """The simulation of a treatment, with the effect that it has, which was completed last."""
    return await tx.row(TreatmentSimulation, _LAST, treatment_id)


async def find_simulation(tx: Tx, simulation_id: UUID) -> TreatmentSimulation | None:
    """A simulation by id."""
    return await tx.row(TreatmentSimulation, _BY_ID, simulation_id)


async def look_again(tx: Tx, ids: Sequence[UUID], at: datetime) -> None:
    """Look again at the jobs of these simulations."""
    await tx.execute("UPDATE treatment_simulation SET due_at = $2 WHERE id = ANY($1::uuid[])", ids, at)
