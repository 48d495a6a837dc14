"""Use cases of alerts: raised, escalated and resolved by evaluations; acknowledged and resolved by people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from kit.events.contract import Published
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.work import Work
from services.risk.alerts import repository
from services.risk.alerts.enums import IndicatorLevel, RiskAlertState
from services.risk.alerts.models import RiskAlert
from services.risk.alerts.rules import BACK_TO_GREEN, MOVES, Outcome, outcome
from services.risk.events_out.alerts import AlertAcknowledged, AlertRaised, AlertResolved
from services.risk.risks import service as risks
from services.risk.risks.enums import ReassessCause

NOUN = "risk-alert"
AUDITED = ("indicator_id", "measure", "level", "value", "threshold", "risk_ids")


class Found(NamedTuple):
    """What an evaluation of an indicator has found, and whose it is."""

    indicator_id: UUID
    owner_id: UUID | None
    measure: str
    account_id: UUID | None
    partner_id: UUID | None
    target_id: UUID | None
    risk_ids: tuple[UUID, ...]
    level: IndicatorLevel
    value: int | None
    threshold: int


def _saying(work: Work, fact: type[Published] | None = None, /, **more: Any) -> Resource[RiskAlert]:
    """The resource whose changes are announced as `fact`; None: nobody is told."""

    def said(one: Change[RiskAlert]) -> Published | None:
        return None if fact is None else fact.of(one.after, business_date=work.today, **more)

    return Resource(NOUN, RiskAlert, said, audited=AUDITED, owner="owner_id")


async def follow(work: Work, found: Found) -> tuple[UUID, ...]:
    """Let the alert of an indicator, whose row the caller has locked, follow what was found: each word once.

    Returns the risks that an alert which has become red sets back.
    """
    known = await repository.of_indicator(work.tx, found.indicator_id)
    standing = next((one for one in known if one.state is not RiskAlertState.RESOLVED), None)
    silent = next((one for one in known if one.state is RiskAlertState.RESOLVED), None)
    levels = (None if standing is None else standing.level, None if silent is None else silent.silent_level)
    done = outcome(found.level, *levels)
    if silent is not None and done in (Outcome.RAISE, Outcome.LISTEN):
        await _listen(work, silent)
    if done is Outcome.RAISE:
        return _red(await _raise(work, found))
    if standing is not None:
        match done:
            case Outcome.ESCALATE:
                return _red(await _escalate(work, standing, found))
            case Outcome.EASE:
                await _ease(work, standing, found)
            case Outcome.END:
                await _end(work, standing, found)
            case _:
                pass
    return ()


def _red(alert: RiskAlert) -> tuple[UUID, ...]:
    return alert.risk_ids if alert.level is IndicatorLevel.RED else ()


async def set_back(work: Work, risk_ids: Collection[UUID]) -> None:
    """Risks under a red alert must be assessed again, once until they are; locked in the order of their ids."""
    for risk_id in sorted(risk_ids):
        risk = await risks.require_risk(work, risk_id, lock=True)
        await risks.reassess(work, risk, ReassessCause.RED_ALERT)


def _figures(found: Found) -> dict[str, Any]:
    return {"level": found.level, "value": found.value, "threshold": found.threshold}


async def _listen(work: Work, silent: RiskAlert) -> None:
    """What was resolved by hand no longer silences its indicator."""
    await change(work, _saying(work), silent, {"silent_level": None}, action="listen")


async def _ease(work: Work, standing: RiskAlert, found: Found) -> None:
    """From red to amber: the alert stays, nobody is told."""
    await change(work, _saying(work), standing, _figures(found), action="ease")


async def _end(work: Work, standing: RiskAlert, found: Found) -> None:
    """Green again."""
    changes = {
        **_figures(found),
        "state": RiskAlertState.RESOLVED,
        "resolved_on": work.today,
        "reason": BACK_TO_GREEN,
        "is_escalation": False,
    }
    await change(work, _saying(work, AlertResolved, reason=BACK_TO_GREEN), standing, changes, action="resolve")


async def _raise(work: Work, found: Found) -> RiskAlert:
    alert = RiskAlert.model_validate(
        {
            **fresh(),
            **found._asdict(),
            "stream_key": found.account_id or found.partner_id or found.indicator_id,
            "risk_ids": tuple(await repository.linked_risks(work.tx, found.indicator_id, found.risk_ids)),
            "state": RiskAlertState.OPEN,
            "raised_on": work.today,
        }
    )
    return await add(work, _saying(work, AlertRaised), alert, action="raise")


async def _escalate(work: Work, before: RiskAlert, found: Found) -> RiskAlert:
    changes: Mapping[str, Any] = {
        **_figures(found),
        "state": RiskAlertState.OPEN,
        "is_escalation": True,
        "acknowledged_by": None,
        "risk_ids": tuple(await repository.linked_risks(work.tx, found.indicator_id, found.risk_ids)),
    }
    return await change(work, _saying(work, AlertRaised), before, changes, action="escalate")


async def hand_over(work: Work, indicator_id: UUID, owner_id: UUID | None) -> None:
    """The alert of an indicator goes to its new owner; alerts that are over stay where they were."""
    one: RiskAlert
    for one in await repository.of_indicator(work.tx, indicator_id):
        if one.state is not RiskAlertState.RESOLVED:
            await change(work, _saying(work), one, {"owner_id": owner_id}, action="hand-over")


async def acknowledge_alert(work: Work, alert_id: UUID) -> RiskAlert:
    """Somebody has seen an alert; raises NotFound, StateConflict."""
    before: RiskAlert = await require(work, _saying(work), alert_id, lock=True)
    state = next_state(NOUN, MOVES, "acknowledge", before.state)
    changes = {"state": state, "acknowledged_by": work.actor.subject}
    resource = _saying(work, AlertAcknowledged)
    return await change(work, resource, before, changes, action="acknowledge")


async def resolve_alert(work: Work, alert_id: UUID, reason: str) -> RiskAlert:
    """Somebody says that an alert is over: its indicator is silent until green or worse. Raises NotFound,
    StateConflict."""
    before: RiskAlert = await require(work, _saying(work), alert_id, lock=True)
    changes: dict[str, Any] = {
        "state": next_state(NOUN, MOVES, "resolve", before.state),
        "resolved_on": work.today,
        "resolved_by": work.actor.subject,
        "reason": reason,
        "silent_level": before.level,
        "is_escalation": False,
    }
    return await change(
        work, _saying(work, AlertResolved, reason="by_hand"), before, changes, action="resolve", reason=reason
    )
