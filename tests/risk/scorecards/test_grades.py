"""What a grade does: terms, holds, grades that people set, and how it moves from night to night."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.events_out.profiles import CreditGradeChanged, CreditLimitChanged
from tests.risk.conftest import Days, Order, Payment, open_account, turn
from tests.risk.holds.owing import cause, lift, said, set_policy, standing, sweep
from tests.risk.redirects.test_decisions import redirect
from tests.risk.scorecards.scored import DAY, OFFICER, example, history, paid, profile, rescore, run, set_terms

BOSS = ("boss", "sales_director")


async def set_grade(service: ServiceHarness, account_id: UUID, grade: str, until: str = "2026-12-31") -> Any:
    body = {"grade": grade, "until": until, "reason": "Their largest customer failed"}
    path = f"/v1/credit-profiles/{account_id}/set-grade"
    return await service.post(path, body, headers=service.headers(*OFFICER))


async def approve(service: ServiceHarness, account_id: UUID, who: str = "boss", **headers: str) -> Any:
    path = f"/v1/credit-profiles/{account_id}/approve-grade"
    return await service.post(path, headers=service.headers(who, "sales_director", **headers))


async def place(service: ServiceHarness, account_id: UUID, amount: int = 100, days: int = 30) -> str | None:
    """What a new order fails on."""
    order = Order(account_id, amount)
    await service.deliver(order.placed(payment_terms_days=days))
    return await cause(service, order)


async def grades_said(service: ServiceHarness) -> list[tuple[str, str]]:
    events = await service.published(CreditGradeChanged.TYPE)
    return [(event.payload["previous_grade"], event.payload["grade"]) for event in events]


async def test_nobody_is_bound_for_not_having_been_scored(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 1_000_000)
    assert await place(service, account_id, days=365) is None
    assert (await rescore(service, account_id))["insufficient_data"] == "items"
    assert (await profile(service, account_id))["grade"] == "NR"
    assert await place(service, account_id, days=365) is None, "too few items are no score"
    await set_terms(service, binds_unrated=True)
    assert await place(service, account_id, days=31) == "terms_exceeded"
    assert await place(service, account_id, days=30) is None


async def test_terms_apply_at_once_and_zero_fails_on_them_alone(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 4_247)
    await service.deliver(*history(account_id))
    assert (await rescore(service, account_id))["grade_after"] == "BBB"
    assert await place(service, account_id, days=30) is None
    assert await place(service, account_id, days=31) == "terms_exceeded"
    assert await place(service, account_id, amount=0, days=31) == "terms_exceeded"
    assert await place(service, account_id, amount=10**9, days=31) == "terms_exceeded"
    (decided,) = (await service.get("/v1/credit-decisions?amount=1000000000")).json()["items"]
    assert (decided["cause"], decided["terms_days"], decided["shortfall"]) == ("terms_exceeded", 30, 10**9)
    path = f"/v1/credit-profiles/{account_id}"
    version = (await profile(service, account_id))["version"]
    assert (await service.patch(path, {"terms_days": 45, "reason": "Agreed"}, version)).status_code == 200
    assert await place(service, account_id, days=45) is None
    assert (await set_grade(service, account_id, "B")).status_code == 200
    found = await profile(service, account_id)
    assert (found["terms_days"], found["set_terms_days"], found["deposit_share"]) == (45, 45, 300_000)
    assert await place(service, account_id, 200_000, days=45) == "deposit_missing"
    answer = await service.patch(path, {"terms_days": None, "deposit_share": 0, "reason": "x"}, found["version"])
    assert answer.json()["terms_days"] == 15
    assert (await place(service, account_id, days=16), await place(service, account_id, days=15)) == (
        "terms_exceeded",
        None,
    )
    assert await grades_said(service) == [("NR", "BBB"), ("BBB", "BBB"), ("BBB", "B"), ("B", "B")]


async def test_a_group_has_the_terms_of_its_root(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    root, merged = await open_account(service, 10_000), await open_account(service, 10_000)
    assert (await set_grade(service, root, "B")).status_code == 200
    assert (await set_grade(service, merged, "D")).status_code == 200
    assert await standing(service, merged) == ["grade"]
    merge_id = new_id()
    await service.deliver(*redirect(root, merged, merge_id))
    assert await place(service, merged, days=16) == "terms_exceeded"
    assert (await sweep(service), await standing(service, merged)) == (1, []), "it is graded with the other"
    assert await sweep(service) == 1
    refused = await set_grade(service, merged, "C" * 3)
    assert (refused.status_code, refused.json()["code"]) == (409, "account-merged")
    await service.deliver(*redirect(root, merged, merge_id, ends=True))
    await sweep(service)
    assert await standing(service, merged) == ["grade"]


async def test_a_better_grade_needs_another_person(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 10_000)
    refused = await approve(service, account_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "grade-not-proposed")
    assert (await set_grade(service, account_id, "BB")).json()["proposed_grade"] == "BB", "NR is worse: 5 % to 3 %"
    found = (await set_grade(service, account_id, "A", "2026-07-31")).json()
    assert (found["grade"], found["proposed_grade"], found["proposed_by"]) == ("NR", "A", "officer")
    own = await approve(service, account_id, "officer")
    assert (own.status_code, own.json()["code"]) == (403, "same-person")
    stale = await approve(service, account_id, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    headers = service.headers(*OFFICER)
    assert (await service.post(f"/v1/credit-profiles/{account_id}/approve-grade", headers=headers)).status_code == 403
    done = await approve(service, account_id, **{"If-Match": f'"{found["version"]}"'})
    assert done.status_code == 200, done.text
    shown = done.json()
    assert (shown["grade"], shown["set_grade"], shown["set_until"]) == ("A", "A", "2026-07-31")
    assert (shown["proposed_grade"], shown["pd"], shown["terms_days"]) == (None, 5_000, 30)
    assert (await rescore(service, account_id))["grade_after"] == "A", "it stands against what is found"
    assert (await set_grade(service, account_id, "BB")).json()["grade"] == "BB", "worse at once"
    days.on(date(2027, 1, 1))
    assert await turn(service) == 1
    ended = await profile(service, account_id)
    assert (ended["grade"], ended["set_grade"], ended["set_until"]) == ("NR", None, None)
    assert await turn(service) == 0
    assert await grades_said(service) == [("NR", "A"), ("A", "BB"), ("BB", "NR")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"grade": "NR"}, "invalid"),
        ({"grade": "E"}, "invalid"),
        ({"until": "2026-06-29"}, "date-order"),
        ({"until": "2027-07-01"}, "grade-too-long"),
        ({"reason": ""}, "invalid"),
    ],
)
async def test_what_no_grade_is(service: ServiceHarness, days: Days, body: dict[str, Any], code: str) -> None:
    days.on(DAY)
    account_id = await open_account(service, 10_000)
    given = {"grade": "B", "until": "2026-12-31", "reason": "x"} | body
    answer = await service.post(f"/v1/credit-profiles/{account_id}/set-grade", given, headers=service.headers(*OFFICER))
    assert (answer.status_code, answer.json()["errors"][0]["code"] if code != "invalid" else "invalid") == (422, code)


async def test_a_proposal_ends_with_its_time(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 10_000)
    await set_grade(service, account_id, "A", "2026-06-30")
    days.on(DAY + timedelta(1))
    assert (await approve(service, account_id)).status_code == 409


async def test_a_default_holds_and_ends_the_grade_that_was_set(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    await set_policy(service, items_from="2024-01-01", overdue_days=1000)
    account_id = await example(service)
    await set_grade(service, account_id, "AA")
    assert (await approve(service, account_id)).json()["grade"] == "AA"
    late = Order(account_id, 700)
    await service.deliver(late.confirmed("2026-01-01", 30))
    found = await rescore(service, account_id)
    assert (found["grade_before"], found["grade_after"]) == ("AA", "D")
    assert await standing(service, account_id) == ["grade", "grade_drop"]
    shown = await profile(service, account_id)
    assert (shown["set_grade"], shown["dropped_from"], shown["is_on_hold"]) == (None, "AA", True)
    assert await place(service, account_id, 0) == "on_hold"
    (_, (_, holds)) = await said(service)
    assert holds == ["grade", "grade_drop"]
    await service.deliver(Payment(account_id, 0).event("received", (late, 700), left=0, day="2026-06-30"))
    found = await rescore(service, account_id)
    assert (found["score"], found["grade_after"]) == (46, "B")
    assert await standing(service, account_id) == ["grade_drop"]
    await set_grade(service, account_id, "AA")
    await approve(service, account_id)
    assert await standing(service, account_id) == []


async def test_a_drop_is_lifted_by_hand_for_good(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await example(service)
    assert (await rescore(service, account_id))["grade_after"] == "BBB"
    await service.deliver(*paid(account_id, 900_000, "2026-03-01", 30, "2026-05-30"))
    found = await rescore(service, account_id)
    assert (found["grade_before"], found["grade_after"]) == ("BBB", "B")
    assert await standing(service, account_id) == ["grade_drop"]
    (hold,) = (await service.get(f"/v1/credit-holds?account_id={account_id}")).json()["items"]
    assert (await lift(service, f"/v1/credit-holds/{hold['id']}")).status_code == 200
    assert (await profile(service, account_id))["dropped_from"] is None
    days.on(DAY + timedelta(60))
    await sweep(service)
    assert "grade_drop" not in await standing(service, account_id)


async def test_a_run_lowers_limits_where_the_policy_says_so(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 50_000_000)
    await service.deliver(*history(account_id), *paid(account_id, 400_000, "2026-05-01", 10, "2026-05-10"))
    found = await rescore(service, account_id)
    assert (found["recommended_limit"], found["grade_after"]) == (100_000, "AA"), "2.5 x 404,000 / 6"
    assert (await profile(service, account_id))["credit_limit"] == 50_000_000
    await set_terms(service, limit_mode="lower")
    before = await profile(service, account_id)
    await rescore(service, account_id)
    after = await profile(service, account_id)
    assert (after["credit_limit"], after["version"] > before["version"]) == (100_000, True)
    event = (await service.published(CreditLimitChanged.TYPE))[-1].payload
    assert (event["previous_limit"], event["credit_limit"], event["changed"]) == (50_000_000, 100_000, ["credit_limit"])
    assert await run(service)
    assert len(await service.published(CreditLimitChanged.TYPE)) == 2
