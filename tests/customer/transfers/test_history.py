"""What goes along with an account that is handed over with its history."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from services.customer.transfers import service
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World, work_off
from tests.customer.transfers.test_transfers import ask, result

OTHERS = ("activity", "opportunity", "service_case", "lead")


async def made(world: World, path: str, **body: Any) -> dict[str, Any]:
    answer = await world.service.post(f"/v1/{path}", body)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def email_of(account: dict[str, Any]) -> str:
    """An address of its own."""
    return f"li-{account['id']}@blue.example"


async def lived(world: World) -> dict[str, Any]:
    """An account that was a lead, with a row of each kind, some of them a colleague's."""
    account = await world.account()
    of, theirs = {"account_id": account["id"]}, {"owner_id": str(REP_2)}
    person = {"person_name": "Li", "email": email_of(account), "owner_id": str(REP_1)}
    lead = await made(world, "leads", company=f"Firm {account['id']}", **person)
    for verb in ("start", "qualify"):
        await made(world, f"leads/{lead['id']}/{verb}")
    opportunity = {"name": "New branch", "amount": 1_000, "currency": "CNY"}
    body = {**of, "create_contact": {}, "opportunity": opportunity}
    await made(world, f"leads/{lead['id']}/convert", **body)
    lost = await made(world, "opportunities", **of, **opportunity)
    await made(world, f"opportunities/{lost['id']}/lose", lost_reason="price")
    visit = await made(world, "activities", **of, **theirs, kind="visit")
    await made(world, f"activities/{visit['id']}/complete", outcome="met")
    await made(world, "activities", **of, kind="call", owner_id=str(REP_1))
    await made(world, "cases", **of, **theirs, kind="question", severity="low", subject="s")
    await world.confirmed(account)
    return account


async def owners(world: World, account: dict[str, Any]) -> dict[str, list[UUID]]:
    """Who has the rows of an account, by kind."""
    found = {}
    for table in (*OTHERS, "orders"):
        sql = f"SELECT owner_id FROM {table} WHERE account_id = $1 ORDER BY id"
        found[table] = [row["owner_id"] for row in await world.service.rows(sql, UUID(account["id"]))]
    return found


async def hand_over(world: World, account: dict[str, Any], to: UUID = OTHER_REP, **body: Any) -> None:
    answer = await world.service.post(f"/v1/accounts/{account['id']}/transfer", {"owner_id": str(to), **body})
    assert (answer.status_code, answer.json()["owner_id"]) == (200, str(to)), answer.text


async def test_only_with_history_the_other_rows_go_along(world: World) -> None:
    account, beside = await lived(world), await lived(world)
    before, beside_before = await owners(world, account), await owners(world, beside)
    assert {table: len(before[table]) for table in OTHERS} == {
        "activity": 2,
        "opportunity": 2,
        "service_case": 1,
        "lead": 1,
    }
    await hand_over(world, account, history=False, opportunities=False)
    assert await owners(world, account) == before | {"orders": [OTHER_REP]}
    said = len(await world.service.published("customer.opportunity.updated.v1"))
    await hand_over(world, account, history=True)
    after = await owners(world, account)
    assert {one for found in after.values() for one in found} == {OTHER_REP}
    assert await owners(world, beside) == beside_before
    told = (await world.service.published("customer.opportunity.updated.v1"))[said:]
    assert [(one.payload["owner_id"], one.payload["changed"]) for one in told] == [(str(OTHER_REP), ["owner_id"])] * 2
    audited = await world.service.rows(
        "SELECT resource, count(*) AS n FROM audit_log WHERE action = 'transfer' AND resource <> 'account' GROUP BY 1"
    )
    assert {row["resource"]: row["n"] for row in audited} == {"activity": 2, "opportunity": 2, "case": 1, "lead": 1}
    completed = await world.service.published("customer.activity.completed.v1")
    assert {one.payload["owner_id"] for one in completed} == {str(REP_2)}, "what was told of a visit stays"
    (lead,) = await world.service.rows("SELECT id FROM lead WHERE account_id = $1", UUID(account["id"]))
    assert (await world.service.get(f"/v1/leads/{lead['id']}")).json()["email"] == email_of(account), "sealed as before"
    await hand_over(world, account, history=True)
    assert len(await world.service.published("customer.opportunity.updated.v1")) == said + 2, (
        "the same again is nothing"
    )


async def test_a_case_is_not_given_to_its_second_owner_and_an_approval_is_void(world: World) -> None:
    account = await world.account()
    first, second = [
        await made(
            world, "cases", account_id=account["id"], kind="complaint", severity="high", subject="s",
            owner_id=str(REP_1), second_owner_id=str(other),
        )
        for other in (OTHER_REP, REP_2)
    ]  # fmt: skip
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE service_case SET approved_by = 'x', approved_at = now(), approved_sha256 = 'y'")
    await hand_over(world, account, history=True)
    kept = (await world.service.get(f"/v1/cases/{first['id']}")).json()
    given = (await world.service.get(f"/v1/cases/{second['id']}")).json()
    assert (kept["owner_id"], kept["approved_by"]) == (str(REP_1), "x")
    assert (given["owner_id"], given["approved_by"]) == (str(OTHER_REP), None)


async def test_many_rows_follow_by_a_job_that_was_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 2)
    account = await lived(world)
    await hand_over(world, account, history=True, opportunities=False)
    left = [one for found in (await owners(world, account)).values() for one in found if one != OTHER_REP]
    assert len(left) == 4, "two of six have followed at once"
    calls, some = 0, service.history_some

    async def fails_once(*args: Any) -> int:
        nonlocal calls
        calls += 1
        done = await some(*args)
        if calls == 2:
            raise RuntimeError("the worker ends here")
        return done

    monkeypatch.setattr("services.customer.transfers.jobs.history_some", fails_once)
    jobs = await work_off(world.service)
    assert [(job["kind"], job["state"], job["result"]) for job in jobs] == [
        ("accounts.history", "succeeded", '{"rows": 4}')
    ]
    assert {one for found in (await owners(world, account)).values() for one in found} == {OTHER_REP}


async def test_rows_of_an_account_that_went_on_stay_where_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 2)
    account = await lived(world)
    await hand_over(world, account, history=True, opportunities=False)
    before = await owners(world, account)
    await hand_over(world, account, REP_2, opportunities=False)
    await work_off(world.service)
    assert await owners(world, account) == before | {"orders": [REP_2]}


async def test_many_accounts_with_their_history(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    accounts = [await lived(world) for _ in range(2)]
    counted = {"accounts": 2, "orders": 2, "opportunities": 2, "others": 12}
    assert await result(world, await ask(world, history=True, to=str(OTHER_REP), dry_run=True)) == counted
    assert {one for found in (await owners(world, accounts[0])).values() for one in found} == {REP_1, REP_2}
    assert await result(world, await ask(world, history=True, to=str(OTHER_REP))) == counted
    for account in accounts:
        assert {one for found in (await owners(world, account)).values() for one in found} == {OTHER_REP}


async def test_rows_that_are_worked_meanwhile_are_neither_lost_nor_locked_for_ever(world: World) -> None:
    """Each either goes along as it is then, or waits; nothing fails."""
    account = await lived(world)
    rows = await world.service.rows("SELECT id FROM activity WHERE state = 'planned'")
    answers = await asyncio.gather(
        *(world.service.post(f"/v1/activities/{row['id']}/complete", {"outcome": "met"}) for row in rows),
        *(
            world.service.post(f"/v1/accounts/{account['id']}/transfer", {"owner_id": str(to), "history": True})
            for to in (OTHER_REP, REP_2, OTHER_REP)
        ),
    )
    assert {answer.status_code for answer in answers} == {200}
    states = await world.service.rows("SELECT state FROM activity")
    assert {row["state"] for row in states} == {"completed"}
    (root,) = await world.service.rows("SELECT owner_id FROM account WHERE id = $1", UUID(account["id"]))
    assert {one for found in (await owners(world, account)).values() for one in found} == {root["owner_id"]}


async def test_accounts_are_chosen_by_custom_fields(world: World) -> None:
    field = await made(world, "custom-fields", resource="account", key="tier", type="text", indexed=True)
    gold, plain = await world.account(custom={"tier": "gold"}), await world.account(custom={"tier": "plain"})
    assert await result(world, await ask(world, filter="custom.tier=gold")) == {
        "accounts": 1,
        "orders": 0,
        "opportunities": 0,
    }
    seen = {row["id"]: row["owner_id"] for row in await world.service.rows("SELECT id, owner_id FROM account")}
    assert seen == {UUID(gold["id"]): REP_2, UUID(plain["id"]): REP_1}
    asked = await ask(world, filter="custom.tier=plain")
    answer = await world.service.post(f"/v1/custom-fields/{field['id']}/archive")
    assert answer.status_code == 200, answer.text
    job = next(one for one in await work_off(world.service) if str(one["id"]) == asked["id"])
    assert (job["state"], job["error"].split(":")[0]) == ("failed", "bad-query"), job["error"]
