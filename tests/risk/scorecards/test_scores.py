"""Accounts are scored by what they owe and paid, on any day."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.events_out.profiles import CreditGradeChanged
from tests.risk.conftest import Days, Order, Payment, account_created, open_account
from tests.risk.holds.owing import set_policy, standing
from tests.risk.redirects.test_decisions import redirect
from tests.risk.scorecards.scored import (
    DAY,
    LIMIT,
    OFFICER,
    example,
    history,
    paid,
    profile,
    rescore,
    run,
    scores,
)


def factors(found: dict[str, Any]) -> dict[str, tuple[str, int, int]]:
    return {one["factor"]: (one["value"], one["points"], one["max_points"]) for one in found["factors"]}


async def test_the_example_of_the_requirement(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    owner = new_id()
    account_id = await example(service, owner_id=owner)
    found = await rescore(service, account_id)
    assert (found["points"], found["max_points"], found["score"], found["scored_grade"]) == (53, 83, 64, "BBB")
    assert factors(found) == {
        "days_late": ("9.436", 14, 25),
        "late_share": ("743590", 0, 15),
        "defaults": ("0", 20, 20),
        "disputes": ("0", 5, 5),
        "utilisation": ("449991", 8, 10),
        "tenure": ("14", 6, 8),
    }
    assert (found["grade_before"], found["grade_after"], found["owner_id"]) == ("NR", "BBB", str(owner))
    assert (found["scorecard_version"], found["terms_version"], found["as_of"]) == (1, 1, "2026-06-30")
    graded = await profile(service, account_id)
    expected = {"grade": "BBB", "score": 64, "scored_on": "2026-06-30", "pd": 10_000, "terms_days": 30}
    assert {name: graded[name] for name in expected} == expected
    said = await service.published(CreditGradeChanged.TYPE)
    assert [(one.payload["previous_grade"], one.payload["grade"], one.payload["score"]) for one in said] == [
        ("NR", "BBB", 64)
    ]
    assert (said[0].payload["version"], said[0].payload["scorecard_version"]) == (graded["version"], 1)
    assert (said[0].payload["owner_id"], said[0].payload["changed"]) == (str(owner), ["grade"])
    again = await rescore(service, account_id)
    assert (again["id"] != found["id"], again["score"]) == (True, 64)
    assert len(await service.published(CreditGradeChanged.TYPE)) == 1


async def test_expected_loss_follows_use_and_grade(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 20_000_000)
    await service.deliver(*history(account_id), Order(account_id, 4_000).placed())
    await rescore(service, account_id)
    found = await profile(service, account_id)
    assert (found["grade"], found["use"], found["expected_loss"]) == ("BBB", 0, 0)
    owed = 12_345_678 - found["exposure"]
    await service.deliver(Order(account_id, owed).placed(payment_terms_days=30))
    found = await profile(service, account_id)
    assert (found["use"], found["pd"], found["expected_loss"]) == (12_345_678, 10_000, 55_556)
    ids = [
        one["id"] for one in (await service.get("/v1/credit-profiles?expected_loss=55556&grade=BBB")).json()["items"]
    ]
    assert ids == [str(account_id)]


async def test_every_day_has_its_figures_and_late_facts_count_on_theirs(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await example(service)
    before = await run(service, as_of="2026-06-17")
    (one,) = await scores(service, f"&run_id={before['id']}")
    assert factors(one)["days_late"][0] == "9.143", "320,000 / 35,000: nothing was overdue yet"
    assert (one["grade_before"], one["grade_after"], before["applies"]) == ("NR", "NR", False)
    assert (await profile(service, account_id))["scored_on"] is None
    today = await rescore(service, account_id)
    late = Order(account_id, 4_000)
    await service.deliver(late.confirmed("2026-03-01", 30))
    await service.deliver(Payment(account_id, 0).event("received", (late, 4_000), left=0, day="2026-03-31"))
    assert factors(await rescore(service, account_id))["days_late"][0] == "8.558", "368,000 / 43,000"
    again = await run(service, as_of="2026-06-17")
    (one,) = await scores(service, f"&run_id={again['id']}")
    assert factors(one)["days_late"][0] == "8.205"
    assert factors(today)["days_late"][0] == "9.436", "a result is never computed anew"
    first = await run(service, as_of="2025-07-18")
    (one,) = await scores(service, f"&run_id={first['id']}")
    assert (one["score"], one["insufficient_data"], factors(one).get("days_late")) == (None, "items", None)


async def test_what_came_back_was_never_paid(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, LIMIT)
    order = Order(account_id, 10_000)
    payment = Payment(account_id, 0)
    await service.deliver(*history(account_id), order.confirmed("2026-01-01", 30))
    await service.deliver(payment.event("received", (order, 10_000), left=0, day="2026-03-02"))
    assert factors(await rescore(service, account_id))["days_late"][0] == "13.633", "668,000 / 49,000"
    await service.deliver(order.returned(5_000, return_date="2026-03-10"))
    await service.deliver(payment.event("refunded", (order, 5_000), left=0, day="2026-03-12"))
    found = await rescore(service, account_id)
    assert factors(found)["days_late"][0] == "11.773", "518,000 / 44,000"
    rest = Order(account_id, 10_000)
    await service.deliver(rest.confirmed("2026-02-01", 30))
    await service.deliver(Payment(account_id, 0).event("received", (rest, 9_901), left=0, day="2026-03-03"))
    assert factors(await rescore(service, account_id))["days_late"][0] == "9.610", "99 open are paid: 518,000 / 53,901"


async def test_defaults(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    await set_policy(service, items_from="2024-01-01")
    account_id = await open_account(service, LIMIT)
    await service.deliver(*history(account_id))
    await service.deliver(*paid(account_id, 500, "2025-06-01", 30, "2025-10-01"))
    assert factors(await rescore(service, account_id))["defaults"] == ("1", 8, 20), "open at the end of day 91"
    await service.deliver(*paid(account_id, 500, "2025-06-01", 30, "2025-09-30"))
    assert factors(await rescore(service, account_id))["defaults"][0] == "1", "90 days are none"
    await service.deliver(*paid(account_id, 500, "2023-03-01", 30, "2023-07-01"))
    assert factors(await rescore(service, account_id))["defaults"][0] == "2"
    open_item = Order(account_id, 700)
    await service.deliver(open_item.confirmed("2026-03-02", 30))
    found = await rescore(service, account_id)
    assert (found["default_cause"], found["scored_grade"]) == (None, "CCC"), "due on 04-01, 90 days overdue"
    days.on(date(2026, 7, 1))
    found = await rescore(service, account_id)
    assert (found["default_cause"], found["scored_grade"], found["grade_after"]) == ("uncured", "D", "D")
    assert "grade" in await standing(service, account_id)
    assert (await profile(service, account_id))["deposit_share"] == 1_000_000
    await service.deliver(Payment(account_id, 0).event("received", (open_item, 700), left=0, day="2026-06-01"))
    found = await rescore(service, account_id)
    assert (found["default_cause"], factors(found)["defaults"][0]) == (None, "1"), "paid in time, and 2023 is gone"
    assert "grade" not in await standing(service, account_id)


async def test_imported_history_is_no_uncured_default(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await example(service)
    await service.deliver(Order(account_id, 700).confirmed("2025-06-01", 30))
    found = await rescore(service, account_id)
    assert (found["default_cause"], factors(found)["defaults"]) == (None, ("1", 8, 20))
    assert await standing(service, account_id) == []


async def test_a_group_is_scored_as_one(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    root, merged = await open_account(service, LIMIT), await open_account(service, 9_000)
    events = history(root)
    await service.deliver(*events[:2], *paid(merged, 20_000, "2025-08-01", 30, "2025-09-06"), *events[4:])
    assert (await rescore(service, root))["insufficient_data"] is None
    merge_id = new_id()
    await service.deliver(*redirect(root, merged, merge_id))
    await service.deliver(account_created(UUID(int=7)))
    found = await rescore(service, root)
    assert (found["points"], found["max_points"], found["score"]) == (53, 83, 64)
    refused = await service.post(f"/v1/credit-profiles/{merged}/rescore", headers=service.headers(*OFFICER))
    assert (refused.status_code, refused.json()["code"]) == (409, "account-merged")
    await run(service)
    assert len(await scores(service, f"&account_id={root}")) == 3
    await service.deliver(*redirect(root, merged, merge_id, ends=True))
    assert factors(await rescore(service, root))["days_late"][0] == "13.053", "248,000 / 19,000"


async def test_statements_and_reports_count_while_they_are_young(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await example(service)
    statement = {
        "account_id": str(account_id),
        "period_end": "2024-12-29",
        "current_assets": 150,
        "current_liabilities": 100,
        "equity": 40,
        "total_assets": 100,
        "revenue": 100,
        "net_profit": 5,
    }
    report = {"account_id": str(account_id), "reported_on": "2025-06-29", "score": 80}

    async def enter(path: str, body: dict[str, Any]) -> None:
        answer = await service.post(f"/v1/{path}", body, headers=service.headers(*OFFICER))
        assert answer.status_code == 201, answer.text
        assert (await service.get(answer.headers["location"])).json() == answer.json()

    await enter("financial-statements", statement)
    await enter("credit-reports", report)
    assert (await rescore(service, account_id))["max_points"] == 83
    await enter("financial-statements", statement | {"period_end": "2024-12-30"})
    await enter("credit-reports", report | {"reported_on": "2025-06-30"})
    found = factors(await rescore(service, account_id))
    assert (found["current_ratio"], found["external"]) == (("1500000", 4, 4), ("80", 5, 5))
    await enter("financial-statements", statement | {"period_end": "2024-12-30", "equity": 39})
    assert factors(await rescore(service, account_id))["equity_share"] == ("390000", 2, 4)
    await enter("credit-reports", report | {"reported_on": "2026-06-01", "insolvency": True})
    assert (await rescore(service, account_id))["default_cause"] == "insolvency"
    future = await service.post(
        "/v1/credit-reports", report | {"reported_on": "2026-07-01"}, headers=service.headers(*OFFICER)
    )
    assert (future.status_code, future.json()["code"]) == (422, "future-date")
