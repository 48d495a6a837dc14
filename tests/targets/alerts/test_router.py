"""Alerts over HTTP: who sees and acknowledges them, what they tell, and what the probability says."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

from services.risk.events_in.targets import AttainmentHeard, TargetAlertHeard
from tests.targets.alerts.conftest import ALERT, Judged

MARCH = date(2026, 3, 16)


async def behind(judged: Judged, figure: int = 900_000) -> dict[str, Any]:
    """The alert of the target, which is amber."""
    await judged.thrive()
    await judged.pace(figure, MARCH)
    judged.days.on(MARCH + timedelta(days=1))
    await judged.turn()
    (alert,) = await judged.alerts()
    return alert


async def acknowledge(judged: Judged, alert: dict[str, Any], subject: str = "admin", *roles: str) -> Any:
    headers = judged.world.service.headers(subject, *roles)
    path = f"/v1/alerts/{alert['id']}/acknowledge"
    return await judged.world.service.post(path, {"note": "Two visits"}, headers=headers)


async def test_somebody_has_seen_it_until_it_is_worse(judged: Judged) -> None:
    alert = await behind(judged)
    seen = (await acknowledge(judged, alert)).json()
    assert (seen["state"], seen["acknowledged_by"], seen["note"]) == ("acknowledged", "admin", "Two visits")
    again = await acknowledge(judged, alert)
    assert (again.status_code, again.json()["code"]) == (409, "alert-state")
    judged.days.on(MARCH + timedelta(days=2))
    await judged.pace(920_000, MARCH + timedelta(days=1))
    await judged.turn()
    (same,) = await judged.alerts()
    assert (same["state"], same["figure"], same["pace"]) == ("acknowledged", 900_000, 920_000)
    judged.days.on(MARCH + timedelta(days=3))
    await judged.pace(800_000, MARCH + timedelta(days=2))
    await judged.turn()
    (worse,) = await judged.alerts()
    assert (worse["id"], worse["state"], worse["level"]) == (alert["id"], "open", "red")
    assert (worse["acknowledged_by"], worse["note"]) == (None, None)
    assert (await acknowledge(judged, alert)).status_code == 200
    judged.days.on(MARCH + timedelta(days=4))
    await judged.pace(900_000, MARCH + timedelta(days=3))
    await judged.turn()
    (eased,) = await judged.alerts()
    assert (eased["state"], eased["level"], eased["previous"]) == ("acknowledged", "amber", "red")
    for event in await judged.world.service.published(*ALERT):
        assert "Two visits" not in event.data.decode(), "what somebody typed stays here"
    rows = await judged.world.service.rows("SELECT action FROM audit_log WHERE resource = 'alert' ORDER BY id")
    assert [row["action"] for row in rows] == [
        "raise",
        "acknowledge",
        "change-level",
        "acknowledge",
        "change-level",
    ]


async def test_an_acknowledgement_and_the_judging_at_once(judged: Judged) -> None:
    alert = await behind(judged)
    judged.days.on(MARCH + timedelta(days=2))
    await judged.pace(800_000, MARCH + timedelta(days=1))
    answer, _ = await asyncio.gather(acknowledge(judged, alert), judged.turn())
    assert answer.status_code == 200
    (after,) = await judged.alerts()
    assert (after["level"], after["version"]) == ("red", 3)
    assert len(await judged.said()) == 2


async def test_who_sees_and_acknowledges(judged: Judged) -> None:
    alert = await behind(judged)
    service = judged.world.service
    path = f"/v1/alerts/{alert['id']}"
    for subject, role, read, write in (
        ("auditor", "auditor", 200, 403),
        ("risk", "risk_officer", 403, 403),
        ("b1", "sales_rep", 404, 404),
        ("manager-north", "sales_manager", 200, 200),
    ):
        headers = service.headers(subject, role)
        assert (await service.get(path, headers=headers)).status_code == read
        if read != 403:
            assert len(await judged.alerts(headers)) == (1 if read == 200 else 0)
        assert (await acknowledge(judged, alert, subject, role)).status_code == write
    unknown = await service.get(f"/v1/alerts/{judged.target}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "alert-not-found")


async def test_filters(judged: Judged) -> None:
    alert = await behind(judged)
    units = judged.world.units
    for query, found in (
        (f"target_id={judged.target}", 1),
        ("state=open&level=amber", 1),
        ("level=red", 0),
        ("state=cleared", 0),
        ("measure=pace", 1),
        (f"raised_on={alert['raised_on']}", 1),
        (f"below_unit_id={units['company']}", 1),
        (f"below_unit_id={units['south']}", 0),
        (f"unit_id={units['team-a']}&sort=-changed_on", 1),
    ):
        assert len(await judged.alerts(query=f"?{query}")) == found, query


async def test_how_probable_it_is_counts_too(judged: Judged) -> None:
    """April begins with half of its amount, so that the pace is far ahead; what the days bring will not do."""
    day = date(2026, 1, 5)
    while day < date(2026, 4, 1):
        await judged.bring(1_000_000, day)
        day += timedelta(days=1)
    april = Judged(judged.world, judged.days, first=date(2026, 4, 1), last=date(2026, 4, 30))
    judged.days.on(date(2026, 4, 1))
    await april.begin(name="April", amount=100_000_000)
    await judged.bring(40_000_000, date(2026, 4, 1))
    judged.days.on(date(2026, 4, 7))
    await judged.turn()
    (alert,) = await judged.alerts(query=f"?target_id={april.target}")
    assert (alert["measure"], alert["level"], alert["threshold"]) == ("p_hit", "red", 200_000)
    assert alert["p_hit"] == alert["figure"] < 200_000
    assert alert["pace"] > 1_000_000
    forecast = (await judged.world.service.get(f"/v1/forecasts?target_id={april.target}")).json()
    assert (alert["p_hit"], alert["p_hit_as_of"]) == (forecast["p_hit"], forecast["as_of"])
    updated = [
        event
        for event in await judged.world.service.published("targets.attainment.updated.v1")
        if event.payload["target_id"] == april.target
    ]
    said = updated[-1].payload
    assert [said[name] for name in ("p_hit", "p_hit_as_of", "as_of", "business_date", "sample_size")] == [
        *(forecast["p_hit"], "2026-04-06", "2026-04-06", "2026-04-07"),
        forecast["sample_size"],
    ]
    assert AttainmentHeard.model_validate(said).pace is not None
    raised = (await judged.world.service.published(ALERT[0]))[-1].payload
    assert TargetAlertHeard.model_validate(raised).level == "red"


async def test_the_plan_comes_before_working_days(judged: Judged) -> None:
    """A plan that expects little at first: by it the target is not behind, by working days it is."""
    service = judged.world.service
    planned = Judged(judged.world, judged.days)
    body = {"name": "Planned", "period_start": "2026-02-01", "period_end": "2026-12-31", "amount": 110_000_000}
    planned.target = (await service.post("/v1/targets", body)).json()["id"]
    children = [{"key": "2026-02", "locked": 1_000_000}, {"key": "2026-03", "locked": 2_000_000}]
    children += [{"key": f"2026-{month:02}"} for month in range(4, 13)]
    split = {"dimension": "month", "children": children}
    made = await service.post(f"/v1/targets/{planned.target}/decompositions", split)
    assert made.status_code == 201, made.text
    assert (await service.post(f"/v1/targets/{planned.target}/activate")).status_code == 200
    await judged.bring(2_000_000, date(2026, 2, 10))
    judged.days.on(MARCH)
    await judged.turn()
    (row,) = await service.rows("SELECT pace FROM target_judging WHERE id = $1", planned.target)
    found = await judged.world.attainment(target_id=planned.target, as_of=str(MARCH - timedelta(days=1)))
    (item,) = found["items"]
    assert row["pace"] == item["pace_plan"] > 950_000 > item["pace"]
    assert await judged.alerts(query=f"?target_id={planned.target}") == []
