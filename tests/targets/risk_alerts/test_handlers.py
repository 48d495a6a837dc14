"""The directory of risk's alerts: each as it was told of last."""

from __future__ import annotations

from typing import Any

from kit.events.envelope import topic_of
from kit.events.handlers import Fact
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.risk.events_out.alerts import AlertAcknowledged, AlertRaised, AlertResolved
from services.targets.events_in.risk import AlertHeard
from services.targets.risk_alerts.handlers import ALERTS, project_risk_alert
from tests.targets.products.test_handlers import message


def alert(kind: Any, key: object, version: int, **more: Any) -> Any:
    told = {**kind.EXAMPLE, "id": key, "version": version, **more}
    return make_event(kind.TYPE, told, told["stream_key"], sequence=version)


async def known(service: ServiceHarness) -> list[tuple[str, str, int]]:
    rows = await service.rows("SELECT level, state, version FROM risk_alert ORDER BY id")
    return [(row["level"], row["state"], row["version"]) for row in rows]


def test_all_that_risk_says_of_alerts_is_heard() -> None:
    assert {AlertRaised.TYPE, AlertAcknowledged.TYPE, AlertResolved.TYPE} == set(ALERTS)


async def test_twice_late_and_out_of_order(service: ServiceHarness) -> None:
    key = new_id()
    facts = [
        Fact(event, AlertHeard.model_validate(event.payload))
        for event in (alert(AlertRaised, key, 2, level="red"), alert(AlertRaised, key, 1))
    ]
    for batch in ([facts[0]], [facts[1]], facts, [facts[1], facts[0]]):
        async with service.transaction() as tx:
            await project_risk_alert(tx, batch)
        assert await known(service) == [("red", "open", 2)]


async def test_a_rebuild_gives_the_same_rows(service: ServiceHarness) -> None:
    key = new_id()
    events = [alert(AlertRaised, key, 1), alert(AlertRaised, new_id(), 1)]
    events.append(alert(AlertResolved, key, 2, state="resolved", level="green"))
    await service.deliver(*events)
    runtime = service.runtime
    await runtime.bus.start()
    await runtime.bus.ensure_topics([topic_of("risk"), topic_of("targets")])
    await runtime.bus.publish(topic_of("risk"), [message(event) for event in events])
    report = await rebuild(runtime.db, runtime.bus, service.subscriptions, "risk_alert", swap=True)
    await runtime.bus.stop()
    assert report.equal, report.as_dict()
    assert await known(service) == [("green", "resolved", 2), ("amber", "open", 1)]


async def test_nothing_is_refused_as_unknown_while_the_directory_is_filled(service: ServiceHarness) -> None:
    async with service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('risk_alert', 1, 'building')")
    part = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    target = (await service.post("/v1/targets", part)).json()["id"]
    body = {"target_id": target, "trigger": "risk_alert", "strategy": "tactic", "reason": "x"}
    answer = await service.post("/v1/adjustments", {**body, "risk_alert_id": str(new_id())})
    assert (answer.status_code, answer.json()["code"]) == (503, "projection-building")
