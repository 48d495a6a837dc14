"""Holds as a fold over the service's own facts; live and rebuild run the same fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.contract import Published
from kit.events.envelope import Event
from kit.events.handlers import Fact
from services.risk.events_out.holds import CreditHoldLifted, CreditHoldPlaced
from services.risk.holds import repository
from services.risk.holds.enums import HoldState
from services.risk.holds.models import CreditHold
from services.risk.holds.repository import Lift
from services.risk.profiles.enums import HoldReason, SubjectKind

Said = CreditHoldPlaced | CreditHoldLifted
FACTS: Mapping[str, type[Published]] = {kind.TYPE: kind for kind in (CreditHoldPlaced, CreditHoldLifted)}


async def apply(tx: Tx, facts: Sequence[Fact[Said]]) -> set[UUID]:
    """Keep holds that ended, then those that were placed; returns the ids of those that stood, or whose reason did
    not."""
    lifted = [_lift(fact.event, fact.data) for fact in facts if isinstance(fact.data, CreditHoldLifted)]
    placed = [_row(fact.event, fact.data) for fact in facts if isinstance(fact.data, CreditHoldPlaced)]
    done = await repository.lift_holds(tx, lifted) if lifted else set()
    return done | (await repository.add_holds(tx, placed) if placed else set())


async def fold(tx: Tx, facts: Sequence[Fact[Said]]) -> None:
    """The same in a rebuild."""
    await apply(tx, facts)


def _row(event: Event, said: CreditHoldPlaced) -> CreditHold:
    return CreditHold(
        id=said.hold_id,
        version=1,
        subject_kind=SubjectKind(said.subject_kind),
        subject_id=said.id,
        stream_key=said.stream_key,
        hold_reason=HoldReason(said.hold_reason),
        state=HoldState.STANDING,
        until=said.until,
        reason=said.reason,
        placed_by=said.placed_by,
        placed_on=said.business_date,
        placed_at=event.time,
    )


def _lift(event: Event, said: CreditHoldLifted) -> Lift:
    return Lift(said.hold_id, said.reason, said.lifted_by, said.business_date, event.time, said.waived_until)
