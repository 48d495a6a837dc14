"""Indicators of a service, and the facts that they are read from."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.conflicts import ConflictOpened, ConflictResolved
from services.channels.events_out.prices import PriceFloorBreached
from services.customer.events_out.cases import CaseOpened, CaseSlaBreached
from services.customer.events_out.lifecycle import ChurnCleared, ChurnWarned
from services.customer.events_out.surveys import SurveyAnswered
from services.risk.indicators.evaluations import INDICATORS_DUE, MARKS_DUE
from services.risk.indicators.schemas import EXAMPLE
from services.targets.events_out.attainment import AttainmentUpdated


async def watch(service: ServiceHarness, measure: str = "overdue_ratio", **changes: Any) -> str:
    """Path of a new indicator."""
    answer = await service.post("/v1/indicators", {**EXAMPLE, "min_sample": 1, "measure": measure, **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def alerted(service: ServiceHarness) -> str:
    """Path of the alert of an indicator that is red whatever happens."""
    at_once = {"amber": -2, "red": -1, "hysteresis": 0, "min_sample": 0}
    path = await watch(service, "obligations_overdue", **at_once)
    await evaluate(service)
    found = (await service.get(f"/v1/risk-alerts?indicator_id={path.rpartition('/')[2]}")).json()["items"]
    return f"/v1/risk-alerts/{found[0]['id']}"


async def evaluate(service: ServiceHarness) -> None:
    """Work what is marked and due."""
    await DueLoop(service.runtime, [MARKS_DUE, INDICATORS_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []


async def shown(service: ServiceHarness, path: str) -> tuple[int | None, int, str]:
    """Value, sample and level of an indicator."""
    await evaluate(service)
    found = (await service.get(path)).json()
    return found["value"], found["sample"], found["level"]


async def alerts(service: ServiceHarness) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await service.get("/v1/risk-alerts")).json()["items"]
    return found


async def said(service: ServiceHarness) -> list[str]:
    """What was said of alerts: the word, the level, whether it escalates."""
    facts = [one for one in await service.published() if one.type.startswith("risk.alert.")]
    return [
        f"{one.type.split('.')[2]} {one.payload['level']}{' !' if one.payload['is_escalation'] else ''}"
        for one in facts
    ]


def case(
    account_id: UUID,
    *,
    kind: str = "complaint",
    on: str = "2026-02-14",
    case_id: UUID | None = None,
    late: bool = False,
) -> Event:
    model: Any = CaseSlaBreached if late else CaseOpened
    each = case_id or new_id()
    payload = {
        **model.EXAMPLE,
        "id": each,
        "account_id": account_id,
        "stream_key": account_id,
        "kind": kind,
        "opened_on": on,
    }
    return make_event(model.TYPE, payload, account_id, subject=each)


def answer(account_id: UUID, score: int, on: str = "2026-02-14") -> Event:
    each = new_id()
    changes = {"id": each, "account_id": account_id, "stream_key": account_id, "score": score, "business_date": on}
    return make_event(SurveyAnswered.TYPE, {**SurveyAnswered.EXAMPLE, **changes}, account_id, subject=each)


def pace(target_id: UUID, pace: int | None) -> Event:
    payload = {**AttainmentUpdated.EXAMPLE, "target_id": target_id, "root_id": target_id, "pace": pace}
    return make_event(AttainmentUpdated.TYPE, payload, target_id)


def warning(account_id: UUID, *, is_over: bool = False) -> Event:
    kind: Any = ChurnCleared if is_over else ChurnWarned
    payload = {**kind.EXAMPLE, "account_id": account_id, "stream_key": account_id}
    return make_event(kind.TYPE, payload, account_id)


def conflict(conflict_id: UUID, *partners: UUID, is_over: bool = False) -> Event:
    kind: Any = ConflictResolved if is_over else ConflictOpened
    payload = {**kind.EXAMPLE, "id": conflict_id, "partner_ids": list(partners)}
    return make_event(kind.TYPE, payload, conflict_id)


def floor(account_id: UUID, on: str = "2026-02-14") -> Event:
    each = new_id()
    payload = {**PriceFloorBreached.EXAMPLE, "id": each, "account_id": account_id, "business_date": on}
    return make_event(PriceFloorBreached.TYPE, payload, account_id, subject=each)
