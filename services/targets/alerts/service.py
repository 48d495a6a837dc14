"""Use cases of the alerts: raised, changed and cleared by the judging; acknowledged by people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import NotFound
from kit.events import outbox
from kit.events.contract import Published
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.work import Work
from services.targets.alerts import repository
from services.targets.alerts.enums import TargetAlertEnd, TargetAlertLevel, TargetAlertMeasure, TargetAlertState
from services.targets.alerts.models import TargetAlert, TargetJudging
from services.targets.alerts.rules import MOVES, NOUN, is_worse
from services.targets.attainment.schemas import AttainmentItem
from services.targets.events_out.alerts import AlertCleared, AlertRaised
from services.targets.events_out.attainment import AttainmentUpdated
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.service import require_target

_GREEN = TargetAlertLevel.GREEN
_FOUND = ("level", "previous", "measure", "figure", "threshold", "policy_version")


class Judged(NamedTuple):
    """At which level a target is on a day, and what says so."""

    level: TargetAlertLevel
    measure: TargetAlertMeasure
    figure: int | None
    threshold: int
    policy_version: int


class Progress(NamedTuple):
    """A live target, and how far it is."""

    target: Target
    item: AttainmentItem


def _saying(fact: type[Published] | None = None, day: date | None = None) -> Resource[TargetAlert]:
    """The resource whose changes are announced as `fact` on a business day; None: nobody is told."""

    def said(one: Change[TargetAlert]) -> Published | None:
        return None if fact is None else fact.of(one.after, business_date=day)

    return Resource(NOUN, TargetAlert, said, audited=("target_id", *_FOUND))


async def follow(work: Work, target: Target, standing: TargetAlert | None, found: Judged, day: date) -> None:
    """Let the alert of a target, whose judging the caller has locked, follow what was found: each change once."""
    previous = _GREEN if standing is None else standing.level
    if found.level is previous:
        return
    figures: dict[str, Any] = {
        **found._asdict(),
        "previous": previous,
        "owner_id": target.owner_id,
        "changed_on": day,
    }
    if standing is None:
        row = TargetAlert(
            **{**fresh(), **figures},
            target_id=target.id,
            root_id=target.root_id,
            state=TargetAlertState.OPEN,
            raised_on=day,
        )
        await add(work, _saying(AlertRaised, day), row, action="raise")
    elif found.level is _GREEN:
        await _clear(work, standing, {**figures, "measure": standing.measure}, TargetAlertEnd.GREEN, day)
    else:
        if is_worse(found.level, previous):
            figures |= {"state": TargetAlertState.OPEN, "acknowledged_by": None, "note": None}
        await change(work, _saying(AlertRaised, day), standing, figures, action="change-level")


async def end(work: Work, standing: TargetAlert, figure: int | None, day: date) -> None:
    """The target of an alert counts no more."""
    changes = {"level": _GREEN, "previous": standing.level, "figure": figure, "changed_on": day}
    await _clear(work, standing, changes, TargetAlertEnd.CLOSED, day)


async def _clear(
    work: Work, standing: TargetAlert, changes: Mapping[str, Any], cause: TargetAlertEnd, day: date
) -> None:
    over = {"state": TargetAlertState.CLEARED, "cleared_on": day, "cleared_by": cause}
    await change(work, _saying(AlertCleared, day), standing, {**changes, **over}, action="clear")


async def require_alert(work: Work, alert_id: UUID, *, lock: bool = False) -> TargetAlert:
    """An alert of a target that the caller sees; raises NotFound."""
    found: TargetAlert = await require(work, _saying(), alert_id, lock=lock)
    try:
        await require_target(work, found.target_id)
    except NotFound:
        raise NotFound(what=NOUN) from None
    return found


async def acknowledge_alert(work: Work, alert_id: UUID, note: str) -> TargetAlert:
    """Somebody has seen an alert; raises NotFound (also of a target out of scope), StateConflict."""
    before = await require_alert(work, alert_id, lock=True)
    state = next_state(NOUN, MOVES, "acknowledge", before.state)
    changes = {"state": state, "acknowledged_by": work.actor.subject, "note": note or None}
    return await change(work, _saying(), before, changes, action="acknowledge")


async def live_targets(work: Work, target_ids: Collection[UUID]) -> dict[UUID, Target]:
    """Those of the targets that count, by id."""
    found = await repository.list_targets(work.tx, target_ids)
    return {target_id: one for target_id, one in found.items() if one.state is TargetState.ACTIVE}


async def say_progress(work: Work, told: Sequence[Progress], as_of: date) -> set[UUID]:
    """Announce how far targets are, beside how probable the last judging found them; returns those that were told of:
    one that is being judged meanwhile is left out."""
    rows = await repository.count_up(work.tx, [one.target.id for one in told])
    free = [(one, rows[one.target.id]) for one in told if one.target.id in rows]
    facts = [(progress_fact(one, row, as_of, work.today), row.version) for one, row in free]
    await outbox.say(work, facts)
    return set(rows)


def progress_fact(told: Progress, row: TargetJudging, as_of: date, day: date) -> AttainmentUpdated:
    """How far a target was at the end of a day, with what its judging found, on a business day."""
    target, item = told
    return AttainmentUpdated(
        target_id=target.id,
        root_id=target.root_id,
        owner_id=target.owner_id,
        metric=target.metric,
        amount_unit=target.amount_unit.value,
        amount=target.amount if item.amount is None else item.amount,
        value=item.actual or 0,
        percent=item.attainment,
        pace=item.pace,
        p_hit=row.p_hit,
        p_hit_as_of=row.p_hit_as_of,
        sample_size=row.p_hit_sample,
        as_of=as_of,
        business_date=day,
    )
