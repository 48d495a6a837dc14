"""The officer's door to holds, and who sees what."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.holds import dues, judging
from tests.risk.conftest import Days, Order, partner_activated, seller
from tests.risk.holds.owing import OFFICER, account, cause, lift, owing, place, said, set_policy, standing, sweep

PATH = "/v1/credit-holds"
TODAY = business_date("Asia/Shanghai")


async def test_an_officer_holds_an_account_and_lets_it_go(service: ServiceHarness) -> None:
    owner_id = new_id()
    account_id = await account(service, owner_id)
    path = await place(service, account_id=str(account_id), reason="insolvency_rumour")
    row = (await service.get(path)).json()
    shown = ("account_id", "partner_id", "owner_id", "hold_reason", "state", "reason", "placed_by", "until", "version")
    assert [row[name] for name in shown] == [
        str(account_id),
        None,
        str(owner_id),
        "manual",
        "standing",
        "insolvency_rumour",
        "officer",
        None,
        1,
    ]
    held = Order(account_id, 10)
    await service.deliver(held.placed())
    assert await cause(service, held) == "on_hold"
    answer = await lift(service, path, reason="cleared")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["state"], body["lifted_by"], body["lift_reason"], body["waived_until"]) == (
        "lifted",
        "officer",
        "cleared",
        None,
    )
    assert answer.headers["etag"] == '"2"'
    await service.deliver(held.placed(2))
    assert await cause(service, held) is None
    again = await lift(service, path)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "credit-hold-state", "lifted")
    audited = await service.rows("SELECT actor, action, resource, reason FROM audit_log ORDER BY id")
    assert [tuple(entry.values()) for entry in audited] == [
        ("officer", "place", "credit_hold", "insolvency_rumour"),
        ("officer", "lift", "credit_hold", "cleared"),
    ]


async def test_one_hold_by_hand_stands_at_a_time(service: ServiceHarness) -> None:
    account_id, partner_id = await account(service), new_id()
    await service.deliver(partner_activated(partner_id))
    headers = service.headers(*OFFICER)
    for subject in ({"account_id": str(account_id)}, {"partner_id": str(partner_id)}):
        body = {**subject, "reason": "rumour"}
        answers = await asyncio.gather(*(service.post(PATH, body, headers=headers) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        assert {answer.json().get("code") for answer in answers} == {None, "hold-already-placed"}
        (made,) = [answer for answer in answers if answer.status_code == 201]
        lifts = await asyncio.gather(*(lift(service, made.headers["location"]) for _ in range(3)))
        assert sorted(answer.status_code for answer in lifts) == [200, 409, 409]
        await place(service, **body)
    words = [event.type.split(".")[2] for event in await service.published()]
    assert words == ["hold_placed", "hold_lifted", "hold_placed"] * 2


async def test_a_rules_hold_is_waived_for_thirty_days_at_most(service: ServiceHarness, days: Days) -> None:
    await set_policy(service, items_from="2026-01-01")
    account_id = await account(service)
    await owing(service, account_id)
    days.on(date(2026, 6, 26))
    await sweep(service)
    (item,) = (await service.get(f"{PATH}?state=standing&account_id={account_id}")).json()["items"]
    assert (item["hold_reason"], item["placed_by"], item["placed_on"]) == ("overdue", None, "2026-06-26")
    path = f"{PATH}/{item['id']}"
    for until, code in (("2026-07-27", "waiver-too-long"), ("2026-06-25", "date-order")):
        answer = await lift(service, path, until=until)
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, ["/until"])
    assert await standing(service, account_id) == ["overdue"]
    assert (await lift(service, path)).json()["waived_until"] == "2026-07-26"


async def test_a_sweep_sees_what_was_placed_and_waived_since_it_looked(
    service: ServiceHarness, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds an account that is to be held; before it has the lock an order places that hold, and a person waives
    it."""
    await set_policy(service, items_from="2026-01-01")
    account_id = await account(service)
    await owing(service, account_id)
    days.on(date(2026, 6, 26))
    lock = judging.lock
    asked: list[Any] = []

    async def late(work: Any, ids: Any, kind: Any) -> None:
        if not asked:
            asked.append(ids)
            await service.deliver_alone(Order(account_id, 1).placed())
            (item,) = (await service.get(f"{PATH}?state=standing")).json()["items"]
            assert (await lift(service, f"{PATH}/{item['id']}")).status_code == 200
        await lock(work, ids, kind)

    async with service.transaction() as tx:
        monkeypatch.setattr(dues, "judging", SimpleNamespace(lock=late, judge=judging.judge))
        await dues.sweep(service.work(tx), [])
    assert asked == [[account_id]]
    assert await standing(service, account_id) == []
    assert [word for word, _reasons in await said(service)] == ["hold_placed", "hold_lifted"]
    days.on(date(2026, 7, 27))
    await sweep(service)
    assert await standing(service, account_id) == ["overdue"]


async def test_a_hold_that_ends_is_lifted_by_a_person_or_the_sweep(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 6, 29))
    for _ in range(4):
        await place(service, account_id=str(await account(service)), reason="rumour", until="2026-06-30")
    items = (await service.get(f"{PATH}?state=standing")).json()["items"]
    days.on(date(2026, 7, 1), 0)
    answers = await asyncio.gather(sweep(service), *(lift(service, f"{PATH}/{item['id']}") for item in items))
    assert {answer.status_code for answer in answers[1:]} <= {200, 409}
    assert await service.rows("SELECT id FROM credit_hold WHERE state = 'standing'") == []
    assert [word for word, _reasons in await said(service)] == ["hold_placed"] * 4 + ["hold_lifted"] * 4


async def test_a_persons_hold_is_not_waived(service: ServiceHarness) -> None:
    path = await place(service, account_id=str(await account(service)), reason="rumour")
    answer = await lift(service, path, until=str(TODAY))
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, "nothing-to-waive", ["/until"])


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"account_id": None}, "one-party", "/account_id"),
        ({"partner_id": str(new_id())}, "one-party", "/account_id"),
        ({"account_id": str(new_id())}, "unknown-reference", "/account_id"),
        ({"account_id": None, "partner_id": str(new_id())}, "unknown-reference", "/partner_id"),
        ({"until": str(TODAY - timedelta(2))}, "date-order", "/until"),
        ({"until": 5}, "invalid", "/until"),
        ({"reason": "Free text!"}, "invalid", "/reason"),
        ({"hold_reason": "grade"}, "invalid", "/hold_reason"),
    ],
)
async def test_a_bad_hold_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    body = {"account_id": str(await account(service)), "reason": "rumour", **changes}
    answer = await service.post(PATH, body, headers=service.headers(*OFFICER))
    assert (answer.status_code, codes(answer.json())) == (422, [pointer]), answer.text
    assert answer.json()["code"] == code
    assert await service.published() == []


async def test_only_an_officer_may_hold(service: ServiceHarness) -> None:
    account_id = await account(service)
    path = await place(service, account_id=str(account_id), reason="rumour")
    for role in ("sales_director", "sales_rep", "auditor", "service_agent"):
        headers = service.headers("x", role)
        placed = await service.post(PATH, {"account_id": str(account_id), "reason": "x"}, headers=headers)
        lifted = await service.post(f"{path}/lift", {"reason": "x"}, headers=headers)
        assert (placed.status_code, lifted.status_code) == (403, 403)
    assert (await lift(service, f"{PATH}/{new_id()}")).status_code == 404


async def test_a_seller_sees_the_holds_of_their_accounts_and_partners(service: ServiceHarness) -> None:
    member_id, partner_id = new_id(), new_id()
    await service.deliver(seller(member_id, "rep-1"), partner_activated(partner_id, member_id))
    own = await place(service, account_id=str(await account(service, member_id)), reason="rumour")
    named = await place(service, partner_id=str(partner_id), reason="rumour")
    other = await place(service, account_id=str(await account(service, new_id())), reason="rumour")
    headers = service.headers("rep-1", "sales_rep")
    seen = (await service.get(f"{PATH}?sort=placed_at", headers=headers)).json()["items"]
    assert [f"{PATH}/{row['id']}" for row in seen] == [own, named]
    statuses = [(await service.get(path, headers=headers)).status_code for path in (own, named, other)]
    assert statuses == [200, 200, 404]


async def test_profiles_are_found_by_their_holds(service: ServiceHarness) -> None:
    held, free = await account(service), await account(service)
    await place(service, account_id=str(held), reason="rumour")
    found = {
        query: [row["id"] for row in (await service.get(f"/v1/credit-profiles?{query}")).json()["items"]]
        for query in ("hold_reason=manual", "hold_reason=overdue", "is_on_hold=true", "is_on_hold=false")
    }
    assert found == {
        "hold_reason=manual": [str(held)],
        "hold_reason=overdue": [],
        "is_on_hold=true": [str(held)],
        "is_on_hold=false": [str(free)],
    }
