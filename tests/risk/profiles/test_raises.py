"""Limits that are raised for a time, and what secures what is owed."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.errors import Invalid
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.events_out.profiles import CreditLimitChanged
from services.risk.profiles.rules import check_raise, has_ended
from tests.risk.conftest import Days, Order, open_account, turn
from tests.risk.redirects.test_decisions import redirect
from tests.risk.scorecards.scored import history, paid, rescore, set_terms

DAY = date(2026, 6, 30)
TODAY = DAY
NEXT = DAY + timedelta(1)


def path_of(account_id: UUID) -> str:
    return f"/v1/credit-profiles/{account_id}"


async def profile(service: ServiceHarness, account_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(path_of(account_id))).json()
    return found


async def raise_limit(service: ServiceHarness, account_id: UUID, limit: int, until: date, **headers: str) -> Any:
    body = {"credit_limit": limit, "until": str(until), "reason": "Season"}
    return await service.post(f"{path_of(account_id)}/raise-limit", body, headers=headers or None)


async def patch(service: ServiceHarness, account_id: UUID, **changes: Any) -> Any:
    version = (await profile(service, account_id))["version"]
    return await service.patch(path_of(account_id), {**changes, "reason": "x"}, version)


async def told(service: ServiceHarness) -> list[tuple[int, int, str | None]]:
    """Of each change of a limit since the account was opened: from, to, until."""
    events = [event.payload for event in await service.published(CreditLimitChanged.TYPE)]
    return [(one["previous_limit"], one["credit_limit"], one["until"]) for one in events][1:]


@pytest.mark.parametrize(
    ("limit", "until", "code"), [(701, DAY, ""), (700, DAY, "not-a-raise"), (1, NEXT, "not-a-raise")]
)
def test_a_raise_leads_above(limit: int, until: date, code: str) -> None:
    if not code:
        check_raise(limit, 700, until, TODAY)
        return
    with pytest.raises(Invalid) as raised:
        check_raise(limit, 700, until, TODAY)
    assert raised.value.code == code


def test_a_raise_lasts_through_its_day() -> None:
    assert not has_ended(None, TODAY)
    assert not has_ended(TODAY, TODAY)
    assert has_ended(TODAY, NEXT)


async def test_a_raise_ends_by_itself(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 700)
    answer = await raise_limit(service, account_id, 900, NEXT)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["credit_limit"], shown["limit_before"], shown["raised_until"]) == (900, 700, str(NEXT))
    order, later = Order(account_id, 850), Order(account_id, 1)
    await service.deliver(order.placed())
    days.on(NEXT, 23)
    assert await turn(service) == 0
    assert (await profile(service, account_id))["headroom"] == 50
    days.on(NEXT + timedelta(1), 0)
    assert await turn(service) == 1
    shown = await profile(service, account_id)
    assert (shown["credit_limit"], shown["limit_before"], shown["raised_until"], shown["use"]) == (700, None, None, 850)
    await service.deliver(later.placed())
    decided = (await service.get(f"/v1/credit-decisions?order_id={later.id}")).json()["items"]
    assert [(one["cause"], one["shortfall"]) for one in decided] == [("limit_exceeded", 151)], "new orders only"
    assert await turn(service) == 0
    assert await told(service) == [(700, 900, str(NEXT)), (900, 700, None)]
    audited = await service.rows("SELECT action FROM audit_log WHERE action IN ('raise_limit', 'end_raise')")
    assert len(audited) == 2
    assert await service.rows("SELECT * FROM limit_raise") == []


async def test_a_raise_that_is_over_binds_no_more_though_nobody_has_ended_it(
    service: ServiceHarness, days: Days
) -> None:
    days.on(DAY)
    account_id = await open_account(service, 700)
    await raise_limit(service, account_id, 900, DAY)
    days.on(NEXT, 0)
    order = Order(account_id, 850)
    await service.deliver(order.placed())
    decided = (await service.get(f"/v1/credit-decisions?order_id={order.id}")).json()["items"]
    assert [(one["cause"], one["shortfall"]) for one in decided] == [("limit_exceeded", 150)]
    assert await turn(service) == 1
    assert (await profile(service, account_id))["credit_limit"] == 700


async def test_a_change_in_between_ends_the_raise(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    changed, kept, batched = [await open_account(service, 700) for _ in range(3)]
    for account_id in (changed, kept, batched):
        assert (await raise_limit(service, account_id, 900, DAY)).status_code == 200
    assert (await patch(service, changed, credit_limit=800)).json()["raised_until"] is None
    assert (await patch(service, kept, credit_limit=900)).json()["raised_until"] is None, "it is the limit from now on"
    rows = [{"account_id": str(batched), "credit_limit": 750}]
    assert (await service.post("/v1/credit-profiles/batch", {"rows": rows})).json()["updated"] == 1
    before = len(await service.published(CreditLimitChanged.TYPE))
    last = (await service.published(CreditLimitChanged.TYPE))[-2].payload
    assert (last["previous_limit"], last["credit_limit"], last["until"], last["changed"]) == (900, 900, None, ["until"])
    days.on(NEXT)
    assert await turn(service) == 3
    limits = [(await profile(service, one))["credit_limit"] for one in (changed, kept, batched)]
    assert limits == [800, 900, 750]
    assert len(await service.published(CreditLimitChanged.TYPE)) == before
    assert await service.rows("SELECT * FROM limit_raise") == []


async def test_other_changes_leave_the_raise(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 700)
    await raise_limit(service, account_id, 900, DAY)
    answer = await patch(service, account_id, terms_days=10, review_on="2026-09-01")
    shown = answer.json()
    assert (shown["credit_limit"], shown["limit_before"], shown["terms_days"], shown["review_on"]) == (
        900,
        700,
        10,
        "2026-09-01",
    )


async def test_a_raise_of_a_raised_limit_takes_its_place(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 700)
    await raise_limit(service, account_id, 900, DAY)
    refused = await raise_limit(service, account_id, 700, NEXT)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not-a-raise")
    assert (await raise_limit(service, account_id, 800, NEXT)).json()["limit_before"] == 700
    days.on(NEXT)
    assert await turn(service) == 1, "the end of the first one changes nothing"
    assert (await profile(service, account_id))["credit_limit"] == 800
    days.on(NEXT + timedelta(1))
    assert await turn(service) == 2
    assert (await profile(service, account_id))["credit_limit"] == 700
    assert await told(service) == [(700, 900, str(DAY)), (900, 800, str(NEXT)), (800, 700, None)]


async def test_the_same_raise_is_nothing(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 700)
    first = await raise_limit(service, account_id, 900, DAY)
    assert (await raise_limit(service, account_id, 900, DAY)).json() == first.json()
    assert len(await told(service)) == 1


async def test_raises_and_changes_at_once_take_turns(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 700)
    answers = await asyncio.gather(
        *(raise_limit(service, account_id, 800 + step, NEXT) for step in range(4)),
        patch(service, account_id, credit_limit=600),
    )
    assert {answer.status_code for answer in answers} <= {200, 412}
    days.on(NEXT + timedelta(1))
    await asyncio.gather(*(turn(service) for _ in range(3)))
    shown = await profile(service, account_id)
    assert shown["raised_until"] is None
    assert shown["credit_limit"] == (600 if answers[-1].status_code == 200 else 700)
    chain = await told(service)
    assert [one[1] for one in chain[:-1]] == [one[0] for one in chain[1:]], "each change goes on from the one before"


async def test_a_run_leaves_a_raised_limit(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 50_000_000)
    await service.deliver(*history(account_id), *paid(account_id, 400_000, "2026-05-01", 10, "2026-05-10"))
    await set_terms(service, limit_mode="lower")
    await raise_limit(service, account_id, 60_000_000, DAY)
    await rescore(service, account_id)
    assert (await profile(service, account_id))["credit_limit"] == 60_000_000
    days.on(NEXT)
    await turn(service)
    assert (await profile(service, account_id))["credit_limit"] == 50_000_000
    await rescore(service, account_id)
    assert (await profile(service, account_id))["credit_limit"] == 100_000


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"credit_limit": 0}, "/credit_limit"),
        ({"credit_limit": 10**30}, "/credit_limit"),
        ({"credit_limit": "9"}, "/credit_limit"),
        ({"until": "2026-06-29"}, "/until"),
        ({"until": "9999-12-31"}, "/until"),
        ({"until": None}, "/until"),
        ({"reason": "\u0000"}, "/reason"),
        ({"credit_limit": 700}, "/credit_limit"),
    ],
)
async def test_what_no_raise_is(service: ServiceHarness, days: Days, body: dict[str, Any], pointer: str) -> None:
    days.on(DAY)
    account_id = await open_account(service, 700)
    given = {"credit_limit": 900, "until": str(NEXT)} | body
    answer = await service.post(f"{path_of(account_id)}/raise-limit", given)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_who_raises_what(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    root, merged = await open_account(service, 700), await open_account(service, 700)
    assert (await raise_limit(service, new_id(), 900, NEXT)).status_code == 404
    for role in ("sales_director", "sales_rep", "auditor"):
        refused = await raise_limit(service, root, 900, NEXT, **service.headers("x", role))
        assert refused.status_code == 403
    await service.deliver(*redirect(root, merged, new_id()))
    answer = await raise_limit(service, merged, 900, NEXT)
    assert (answer.status_code, answer.json()["code"]) == (409, "account-merged")


async def test_expected_loss_is_of_what_is_not_secured(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account_id = await open_account(service, 10**9)
    async with service.runtime.db.transaction() as tx:
        await tx.execute("UPDATE credit_profile SET grade = 'BBB', pd = 10000 WHERE id = $1", account_id)
    await service.deliver(Order(account_id, 12_345_678).placed())
    shown = await profile(service, account_id)
    assert (shown["expected_loss"], shown["secured"], shown["securities"]) == (55_556, 0, [])
    secured = [
        {"kind": "guarantee", "amount": 2_345_678, "valid_until": str(DAY), "reference": "LG 77"},
        {"kind": "insurance", "amount": 10**9, "valid_until": "2026-06-29", "reference": ""},
    ]
    answer = await patch(service, account_id, securities=secured)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["securities"], shown["secured"], shown["expected_loss"]) == (secured, 2_345_678, 45_000)
    found = (await service.get("/v1/credit-profiles?expected_loss=45000&pd=10000&secured[gt]=1")).json()["items"]
    assert [one["id"] for one in found] == [str(account_id)]
    days.on(NEXT)
    assert (await profile(service, account_id))["expected_loss"] == 55_556
    whole = [{"kind": "pledge", "amount": 12_345_679}]
    assert (await patch(service, account_id, securities=whole)).json()["expected_loss"] == 0
    assert (await patch(service, account_id, securities=[])).json()["expected_loss"] == 55_556
    changed = await service.rows("SELECT after FROM audit_log WHERE after ? 'securities'")
    assert len(changed) == 3
    assert await told(service) == [], "nobody else is told of what secures it"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"securities": None}, "/securities"),
        ({"securities": [{"kind": "promise", "amount": 1}]}, "/securities/0/kind"),
        ({"securities": [{"kind": "pledge", "amount": 0}]}, "/securities/0/amount"),
        ({"securities": [{"kind": "pledge", "amount": 1, "valid_until": "x"}]}, "/securities/0/valid_until"),
        ({"securities": [{"kind": "pledge", "amount": 1}] * 51}, "/securities"),
        ({"review_on": "2026-02-30"}, "/review_on"),
        ({}, ""),
    ],
)
async def test_what_secures_nothing(service: ServiceHarness, changes: dict[str, Any], pointer: str) -> None:
    account_id = await open_account(service, 700)
    answer = await patch(service, account_id, **changes)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_profiles_are_found_by_what_they_say(service: ServiceHarness) -> None:
    account_id = await open_account(service, 700)
    await open_account(service, 900)
    await patch(service, account_id, review_on="2026-09-01", terms_days=7, deposit_share=250_000)
    for query in (
        "review_on[lte]=2026-09-01",
        "terms_days=7",
        "deposit_share=250000",
        "grade=NR&score[null]=true&credit_limit=700",
        "hold_reason=overdue",
        "merged_into[null]=false",
        "scored_on[null]=false",
    ):
        found = (await service.get(f"/v1/credit-profiles?{query}")).json()["items"]
        wanted = [] if query.endswith("false") or "hold" in query else [str(account_id)]
        assert [one["id"] for one in found] == wanted, query
