"""Own days over HTTP: said once, taken back, announced by year."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness

SAID = "targets.calendar.changed.v1"


async def read(service: ServiceHarness, first: str, last: str, **options: Any) -> dict[str, Any]:
    answer = await service.get(f"/v1/calendar-days?from={first}&to={last}", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def put(service: ServiceHarness, day: str, kind: str, reason: str = "because", **options: Any) -> Any:
    headers = {"If-Match": "*", **options.get("headers", service.headers())}
    return await service.request("PUT", f"/v1/calendar-days/{day}", {"kind": kind, "reason": reason}, headers=headers)


async def test_own_days_win_until_they_are_taken_back(service: ServiceHarness) -> None:
    before = await read(service, "2026-02-01", "2026-02-28")
    assert (before["country"], before["working_days"], len(before["items"])) == ("CN", 16, 28)
    off = await put(service, "2026-02-11", "off", "founding day")
    said = {"date": "2026-02-11", "kind": "off", "source": "own", "reason": "founding day", "version": 1}
    assert (off.status_code, off.json()) == (200, said)
    worked = await put(service, "2026-02-07", "working")
    assert (worked.json()["kind"], worked.json()["source"]) == ("make_up", "own")
    assert (await put(service, "2026-02-12", "off")).status_code == 200
    assert (await read(service, "2026-02-01", "2026-02-28"))["working_days"] == 15
    for day in ("2026-02-11", "2026-02-07", "2026-02-12", "2026-02-12", "2026-02-13"):
        answer = await service.post(f"/v1/calendar-days/{day}/reset")
        assert answer.status_code == 200, answer.text
        was = next(one for one in before["items"] if one["date"] == day)
        assert answer.json() == {**was, "version": 0 if day == "2026-02-13" else 2}
        assert (await service.get(f"/v1/calendar-days/{day}")).json() == answer.json()
    assert (await read(service, "2026-02-01", "2026-02-28"))["working_days"] == 16
    events = await service.published(SAID)
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6], "what changes nothing says nothing"
    assert {(event.key, event.subject) for event in events} == {("organisation", "2026")}
    assert [len(event.payload["days"]) for event in events] == [1, 2, 3, 2, 1, 0]
    assert events[2].payload["days"][:2] == [
        {"date": "2026-02-07", "kind": "working"},
        {"date": "2026-02-11", "kind": "off"},
    ]


async def test_the_same_again_changes_nothing(service: ServiceHarness) -> None:
    for _ in range(2):
        assert (await put(service, "2026-03-02", "off", "move")).status_code == 200
    assert (await put(service, "2027-03-02", "off", "move")).status_code == 200
    said = [(event.payload["year"], event.sequence) for event in await service.published(SAID)]
    assert said == [(2026, 1), (2027, 1)]
    (row,) = await service.rows("SELECT * FROM audit_log WHERE resource = 'calendar_day' AND after ->> 'day' < '2027'")
    assert (row["action"], row["actor"]) == ("set", "admin")


async def test_a_day_changes_by_its_version(service: ServiceHarness) -> None:
    path = "/v1/calendar-days/2026-03-03"
    versions, body = [(await service.get(path)).headers["etag"]], {"kind": "off", "reason": "x"}
    for reason in ("x", "y"):
        headers = service.headers(If_Match=versions[-1])
        answer = await service.request("PUT", path, {**body, "reason": reason}, headers=headers)
        versions.append(answer.headers["etag"])
    assert versions == ['"0"', '"1"', '"2"']
    stale = await service.request("PUT", path, body, headers=service.headers(If_Match='"1"'))
    assert (stale.status_code, stale.json()["code"]) == (412, "version-mismatch")
    assert (await service.request("PUT", path, body)).status_code == 428


async def test_changes_of_a_year_at_once_lose_nothing(service: ServiceHarness) -> None:
    """Also of one day: the last event has what stands."""
    days = [f"2026-03-{number:02d}" for number in range(2, 14)]
    answers = await asyncio.gather(*(put(service, day, "off") for day in [*days, *days[:4]]))
    assert {answer.status_code for answer in answers} == {200}
    events = sorted(await service.published(SAID), key=lambda event: event.sequence)
    assert [event.sequence for event in events] == list(range(1, 13))
    assert [len(event.payload["days"]) for event in events] == list(range(1, 13))
    assert [one["date"] for one in events[-1].payload["days"]] == days


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=2026-01-01", "to"),
        ("from=2026-01-02&to=2026-01-01", "to"),
        ("from=2024-01-01&to=2026-03-11", "to"),
        ("from=1989-12-31&to=1990-01-02", "from"),
        ("from=2069-12-31&to=2070-01-01", "to"),
        ("from=x&to=2026-01-01", "from"),
        ("from=2026-01-01&to=2026-01-01&kind=off", "kind"),
    ],
)
async def test_a_query_that_makes_no_sense(service: ServiceHarness, query: str, pointer: str) -> None:
    answer = await service.get(f"/v1/calendar-days?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


async def test_eight_hundred_days_are_answered(service: ServiceHarness) -> None:
    assert len((await read(service, "2024-01-01", "2026-03-10"))["items"]) == 800


@pytest.mark.parametrize(
    ("day", "body"),
    [
        ("2026-01-01", {"kind": "make_up", "reason": "x"}),
        ("2026-01-01", {"kind": "off"}),
        ("2026-01-01", {"kind": None, "reason": "x"}),
        ("1989-12-31", {"kind": "off", "reason": "x"}),
        ("2070-01-01", {"kind": "off", "reason": "x"}),
    ],
)
async def test_what_is_no_own_day(service: ServiceHarness, day: str, body: dict[str, Any]) -> None:
    answer = await service.request("PUT", f"/v1/calendar-days/{day}", body, headers=service.headers(If_Match="*"))
    assert answer.status_code == 422, answer.text
    assert await service.rows("SELECT 1 FROM calendar_day") == []


async def test_everybody_reads_the_director_writes(service: ServiceHarness) -> None:
    for role, status in (("sales_rep", 403), ("auditor", 403), ("sales_manager", 403), ("sales_director", 200)):
        headers = service.headers(role, role)
        await read(service, "2026-01-01", "2026-01-31", headers=headers)
        assert (await put(service, "2026-01-08", "off", headers=headers)).status_code == status
        answer = await service.post("/v1/calendar-days/2026-01-08/reset", headers=headers)
        assert answer.status_code == status


async def test_attainment_counts_the_companys_working_days(service: ServiceHarness) -> None:
    """The first quarter of 2026 has 59 working days in China; one more closing day makes 58."""
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 1000}
    target = (await service.post("/v1/targets", body)).json()["id"]
    found = []
    for _ in range(2):
        answer = (await service.get(f"/v1/attainment?target_id={target}")).json()
        found.append(answer["items"][0]["working_days"])
        assert answer["calendar_known_until"] == "2026-12-31"
        assert (await put(service, "2026-03-20", "off")).status_code == 200
    assert found == [59, 58]
