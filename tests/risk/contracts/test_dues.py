"""What dates bring about, with the clock set by the test: once, in order, whatever workers do."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.risk.contracts.dues import CONTRACTS_DUE
from tests.risk.conftest import Days, turn
from tests.risk.contracts.drafts import act, draft, signed


async def said(service: ServiceHarness) -> list[tuple[str, str]]:
    """What was announced after the signature: word and business day."""
    events = await service.published()
    return [(e.type.split(".")[2], e.payload["business_date"]) for e in events if ".signed." not in e.type]


async def test_a_year_and_its_renewal(service: ServiceHarness, days: Days) -> None:
    days.on(date(2025, 12, 20))
    path = await signed(service, "2025-12-19")
    assert await turn(service) == 0
    days.on(date(2025, 12, 31), 23)
    assert await turn(service) == 0
    days.on(date(2026, 1, 1), 0)
    assert await turn(service) == 1
    assert (await service.get(path)).json()["state"] == "in_force"
    (due,) = await service.rows("SELECT due_at FROM contract")
    assert due["due_at"] == datetime(2026, 8, 2, 16, tzinfo=UTC), "00:00 in Shanghai"
    for day in (date(2026, 8, 3), date(2026, 9, 2), date(2026, 10, 2)):
        days.on(day, 0)
        assert (await turn(service), await turn(service)) == (1, 0), "each warning once"
    days.on(date(2026, 11, 1), 23)
    assert await turn(service) == 0
    days.on(date(2026, 11, 2), 0)
    assert await turn(service) == 1
    row = (await service.get(path)).json()
    assert (row["state"], row["ends_on"], row["terms_from"]) == ("in_force", "2026-12-31", "2026-01-01")
    next_year = (await service.get(f"{path}?as_of=2027-01-01")).json()
    assert (next_year["ends_on"], next_year["notice_by"], next_year["terms_from"]) == (
        "2027-12-31",
        "2027-11-01",
        "2027-01-01",
    )
    assert await said(service) == [
        ("in_force", "2026-01-01"),
        ("renewal_due", "2026-08-03"),
        ("renewal_due", "2026-09-02"),
        ("renewal_due", "2026-10-02"),
        ("amended", "2026-11-02"),
    ]
    renewed = (await service.published())[-1].payload
    assert (renewed["effective_on"], renewed["ends_on"], renewed["changed"]) == ("2027-01-01", "2027-12-31", ["ends_on"])
    assert [e.payload["days_before"] for e in await service.published("risk.contract.renewal_due.v1")] == [90, 60, 30]


async def test_after_years_off_every_step_is_taken_once_on_its_day(service: ServiceHarness, days: Days) -> None:
    days.on(date(2025, 12, 20))
    await signed(service, "2025-12-20", ends_on="2026-01-31", notice_days=10, renew_months=1)
    days.on(date(2026, 5, 1))
    assert await turn(service) == 1
    words = await said(service)
    assert [day for word, day in words if word == "amended"] == ["2026-01-22", "2026-02-19", "2026-03-22", "2026-04-21"]
    ends = [e.payload["ends_on"] for e in await service.published("risk.contract.amended.v1")]
    assert ends == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"], "they count from the anchor"
    assert await turn(service) == 0


async def test_many_workers_at_once_take_each_step_once(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 10))
    for _ in range(12):
        await signed(service, "2026-01-05", renewal="none", renew_months=None)
    days.on(date(2027, 3, 1))
    loops = [DueLoop(service.runtime, [CONTRACTS_DUE]) for _ in range(4)]
    counts = await asyncio.gather(*(loop.turn() for loop in loops))
    assert sum(counts) == 12
    assert await service.rows("SELECT * FROM due_failure") == []
    counted = await service.rows("SELECT type, count(*) AS n, count(DISTINCT subject) AS d FROM outbox GROUP BY type")
    assert {row["type"].split(".")[2]: (row["n"], row["d"]) for row in counted} == {
        "signed": (12, 12),
        "in_force": (12, 12),
        "renewal_due": (36, 12),
        "expired": (12, 12),
    }


async def test_a_termination_beside_the_step_of_its_day(service: ServiceHarness, days: Days) -> None:
    days.on(date(2025, 12, 20))
    path = await signed(service, "2025-12-20")
    days.on(date(2026, 1, 1), 0)
    body: Any = {"on": "2026-06-30", "reason": "breach"}
    answer, _ = await asyncio.gather(service.post(f"{path}/terminate", body), turn(service))
    assert answer.status_code == 200
    await turn(service)
    assert (await service.get(path)).json()["state"] == "terminated"
    words = [word for word, _ in await said(service)]
    assert words in (["terminated"], ["in_force", "terminated"])


async def test_notice_that_is_noted_late_takes_the_renewal_back(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 10))
    path = await signed(service, "2026-01-05")
    days.on(date(2026, 11, 5))
    await turn(service)
    assert (await service.get(f"{path}?as_of=2027-01-01")).json()["ends_on"] == "2027-12-31"
    row = await act(service, path, "give-notice", {"given_on": "2026-10-30"})
    assert (row["ends_on"], row["notice_given_on"]) == ("2026-12-31", "2026-10-30")
    days.on(date(2027, 1, 1))
    await turn(service)
    assert (await service.get(path)).json()["state"] == "expired"
    other = await draft(service)
    assert (await service.post(f"{other}/give-notice", {"given_on": "2026-10-30"})).json()["code"] == "contract-state"


async def test_a_contract_that_nothing_happens_to_is_not_rewritten(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 1, 10))
    path = await signed(service, "2026-01-05", ends_on=None, renewal="none")
    await turn(service)
    before = (await service.get(path)).json()
    for day in (date(2026, 1, 11), date(2026, 6, 1), date(2036, 1, 1)):
        days.on(day)
        assert await turn(service) == 0
    assert (await service.get(path)).json() == before


async def test_a_contract_of_long_ago_is_renewed_step_by_step(service: ServiceHarness, days: Days) -> None:
    """From the last day of a leap February, month by month: no transaction takes all of it, and no day drifts."""
    days.on(date(2026, 1, 5))
    dates: dict[str, Any] = {"starts_on": "2016-02-01", "ends_on": "2016-02-29", "renewal": "automatic", "renew_months": 1}
    path = await signed(service, "2026-01-05", **dates, notice_days=10)
    assert await turn(service) > 2, "begun, and renewed 119 times"
    row = (await service.get(path)).json()
    assert (row["state"], row["ends_on"], row["terms_from"]) == ("in_force", "2026-01-29", "2025-12-30")
    assert (await service.get(f"{path}?as_of=2025-03-15")).json()["ends_on"] == "2025-03-29"
    assert (await service.get(f"{path}?as_of=2025-02-15")).json()["ends_on"] == "2025-02-28"
    versions = await service.rows("SELECT count(*) AS n, count(DISTINCT effective_from) AS days FROM contract_version")
    assert [(one["n"], one["days"]) for one in versions] == [(120, 120)]
    assert await turn(service) == 0


async def test_a_year_from_the_29th_of_february(service: ServiceHarness, days: Days) -> None:
    """It ends on the last of February in years without the day, and on the day in leap years: none drifts."""
    days.on(date(2024, 1, 10))
    dates: dict[str, Any] = {"starts_on": "2023-03-01", "ends_on": "2024-02-29", "notice_days": 30, "renew_months": 12}
    path = await signed(service, "2024-01-10", **dates)
    days.on(date(2028, 2, 1))
    await turn(service)
    ends = [e.payload["ends_on"] for e in await service.published("risk.contract.amended.v1")]
    assert ends == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28"]
    assert (await service.get(f"{path}?as_of=2028-02-29")).json()["ends_on"] == "2028-02-29"
