"""Conflicts as they are led: every step, the second person, days, splits, precedents, what a decision covers."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.conflicts.dues import CONFLICTS_DUE
from services.channels.events_out.conflicts import ConflictResolved
from tests.channels.conflicts.found import (
    PATH,
    act,
    agreed,
    confirmed,
    director,
    found,
    keeping,
    kinds,
    mediated,
    opened,
    order,
    proposed,
    seller,
)
from tests.channels.conftest import Days
from tests.channels.partners.identified import member as member_until
from tests.channels.quotes.offers import OWNER, SELLER, heard_account, member

STEPS = ("assess", "state", "propose", "agree", "arbitrate", "close", "dismiss")
ALLOWED = {
    "opened": {"assess", "dismiss"},
    "assessed": {"state", "dismiss"},
    "mediation": {"state", "propose", "dismiss"},
    "proposed": {"propose", "agree", "arbitrate", "dismiss"},
    "agreed": {"close"},
    "closed": set(),
    "dismissed": set(),
}


def bodies(one: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "assess": {"severity": "low", "note": "x"},
        "state": {"statement": "x"},
        "propose": keeping(),
        "agree": {"partner_id": one["partner_ids"][0]},
        "arbitrate": keeping(),
        "close": {},
        "dismiss": {"note": "x"},
    }


async def at(service: ServiceHarness, state: str) -> dict[str, Any]:
    """A conflict in a state."""
    if state == "opened":
        return await opened(service)
    if state == "assessed":
        return await act(service, await opened(service), "assess", {"severity": "low", "note": "x"})
    if state == "mediation":
        return await mediated(service)
    if state == "dismissed":
        return await act(service, await opened(service), "dismiss", {"note": "A test order."})
    one = await proposed(service)
    if state == "proposed":
        return one
    one = await agreed(service, one)
    return one if state == "agreed" else await act(service, one, "close", {"note": "Both were told."})


@pytest.mark.parametrize("state", ALLOWED)
async def test_every_step_from_every_state(service: ServiceHarness, days: Days, state: str) -> None:
    days.on("2026-03-11")
    one = await at(service, state)
    assert one["state"] == state
    for step in STEPS:
        if step not in ALLOWED[state]:
            answer = await service.post(f"{PATH}/{one['id']}/{step}", bodies(one)[step])
            assert (answer.status_code, answer.json()["code"]) == (409, "conflict-state"), step
            assert answer.json()["state"] == state
    assert (await service.get(f"{PATH}/{one['id']}")).json() == one


async def test_a_conflict_is_led_to_an_agreement(service: ServiceHarness, days: Days) -> None:
    days.on("2026-02-12")
    one = await opened(service)
    assert one["number"].endswith("-000001")
    one = await act(service, one, "assess", {"severity": "high", "note": "Both know them."})
    assert (one["due_on"], one["severity"]) == ("2026-02-26", "high"), "the festival lasts from Sunday to Monday week"
    first = one["partner_ids"][0]
    wrong = await service.post(f"{PATH}/{one['id']}/state", {"partner_id": str(new_id()), "statement": "We."})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown-reference")
    await act(service, one, "state", {"partner_id": first, "statement": "We were first."})
    one = await act(service, one, "state", {"statement": "Our records say so."})
    assert one["statement_count"] == 2
    said = (await service.get(f"{PATH}/{one['id']}/statements")).json()["items"]
    assert [(each["partner_id"], each["statement"]) for each in said] == [
        (first, "We were first."),
        (None, "Our records say so."),
    ]
    one = await act(service, one, "propose", keeping())
    one = await act(service, one, "agree", {"partner_id": first})
    assert (one["state"], one["accepted_by"]) == ("proposed", [first])
    again = await act(service, one, "propose", keeping(outcome="transfer"))
    assert (again["accepted_by"], again["outcome"]) == ([], "transfer"), "another proposal: nobody has accepted it"
    assert await service.published(ConflictResolved.TYPE) == []
    one = await agreed(service, again)
    assert (one["state"], one["due_on"], one["decided_by"]) == ("agreed", None, "admin")
    one = await act(service, one, "close", {"note": "Done."})
    (fact,) = await service.published(ConflictResolved.TYPE)
    assert (fact.payload["outcome"], fact.payload["state"], fact.payload["member_shares"]) == ("transfer", "agreed", {})
    assert "We were first" not in str([event.payload for event in await service.published()])


async def test_a_second_person_decides_when_somebody_refused(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    one = await proposed(service)
    path = f"{PATH}/{one['id']}/arbitrate"
    assert (await service.post(path, keeping())).json()["code"] == "same-person"
    early = await service.post(path, keeping(), headers=director(service))
    assert (early.status_code, early.json()["code"]) == (409, "arbitration-too-early")
    manager = service.headers("manager", "channel_manager")
    assert (await service.post(path, keeping(), headers=manager)).status_code == 403
    await act(service, one, "agree", {"partner_id": one["partner_ids"][0]})
    refused = await act(service, one, "agree", {"partner_id": one["partner_ids"][0], "accepts": False})
    assert (refused["state"], refused["accepted_by"]) == ("proposed", [])
    one = await act(service, one, "arbitrate", keeping(outcome="compensation"), headers=director(service))
    assert (one["state"], one["outcome"], one["decided_by"]) == ("arbitrated", "compensation", "director")
    assert (await act(service, one, "close", {}))["state"] == "closed"


async def test_a_second_person_decides_when_five_working_days_passed(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    one = await proposed(service)
    assert one["due_on"] == "2026-03-18"
    path = f"{PATH}/{one['id']}/arbitrate"
    days.on("2026-03-18")
    assert (await service.post(path, keeping(), headers=director(service))).json()["code"] == "arbitration-too-early"
    loop = DueLoop(service.runtime, [CONFLICTS_DUE])
    assert not await loop.turn()
    days.on("2026-03-19")
    while await loop.turn():
        pass
    (late,) = await found(service)
    assert (late["is_late"], late["state"]) == (True, "proposed"), "late is said, it stays"
    decided = await act(service, one, "arbitrate", keeping(), headers=director(service))
    assert (decided["state"], decided["is_late"]) == ("arbitrated", False)


async def test_what_a_decision_covers_opens_nothing(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    one = await agreed(service, await proposed(service, valid_from="2026-03-20", valid_to="2026-04-30"))
    one = await act(service, one, "close", {})
    key, partner_id = UUID(one["account_id"]), UUID(one["partner_ids"][0])
    await service.deliver(confirmed(order(partner_id, key, on="2026-03-20")))
    await service.deliver(confirmed(order(partner_id, key, on="2026-04-30")))
    assert len(await kinds(service)) == 1
    await service.deliver(confirmed(order(partner_id, key, on="2026-05-01")))
    assert len(await kinds(service)) == 2, "the day after is another conflict"
    third = await seller(service)
    await service.deliver(confirmed(order(third, key, on="2026-04-01")))
    assert len(await kinds(service)) == 4, "with others nothing was decided"


async def test_further_evidence_joins_what_lives_and_after_a_dismissal_opens_anew(
    service: ServiceHarness, days: Days
) -> None:
    days.on("2026-03-11")
    one = await opened(service)
    key, partner_id = UUID(one["account_id"]), UUID(one["partner_ids"][1])
    more = confirmed(order(partner_id, key))
    await service.deliver(more)
    joined = (await service.get(f"{PATH}/{one['id']}")).json()
    assert (joined["evidence_count"], len(joined["order_ids"])) == (one["evidence_count"] + 1, 3)
    await act(service, one, "dismiss", {"note": "They are one company."})
    (fact,) = await service.published(ConflictResolved.TYPE)
    assert (fact.payload["outcome"], fact.payload["valid_from"]) == ("dismissed", None)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(more)
    assert len(await kinds(service)) == 1, "it was evidence once, whatever became of it"
    await service.deliver(confirmed(order(partner_id, key)))
    assert [each["state"] for each in await found(service)] == ["dismissed", "opened"]


async def test_the_database_refuses_a_second_that_lives(service: ServiceHarness) -> None:
    await opened(service)
    sql = "INSERT INTO conflict SELECT (jsonb_populate_record(c, $1::jsonb)).* FROM conflict c"
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_conflict_live"):
        async with service.transaction() as tx:
            await tx.execute(sql, f'{{"id": "{new_id()}", "number": "CF-2"}}')


async def test_a_conflict_is_seen_by_its_owner(service: ServiceHarness) -> None:
    key = new_id()
    await service.deliver(heard_account(key))
    await member(service, OWNER, "owner")
    await member(service, SELLER, "seller")
    await service.deliver(confirmed(order(await seller(service), key)), confirmed(order(await seller(service), key)))
    (one,) = await found(service)
    for subject, status in (("owner", 200), ("seller", 404)):
        headers = service.headers(subject, "sales_rep")
        assert (await service.get(f"{PATH}/{one['id']}", headers=headers)).status_code == status
        assert (await service.get(f"{PATH}/{one['id']}/evidence", headers=headers)).status_code == status
        assert len((await service.get(PATH, headers=headers)).json()["items"]) == (status == 200)
        assert (await service.post(f"{PATH}/{one['id']}/dismiss", {"note": "x"}, headers=headers)).status_code == 403


async def split_of(service: ServiceHarness, one: dict[str, Any], **changes: Any) -> dict[str, Any]:
    for member_id in (OWNER, SELLER):
        await member(service, member_id, f"m-{new_id()}")
    first, second = one["partner_ids"]
    return {
        "outcome": "split",
        "valid_from": "2026-03-20",
        "note": "Six to four.",
        "member_shares": {str(OWNER): 700_000, str(SELLER): 300_000},
        "partner_shares": {first: 600_000, second: 400_000},
        **changes,
    }


async def test_a_split_is_said_with_its_shares(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    one = await mediated(service)
    body = await split_of(service, one)
    path = f"{PATH}/{one['id']}/propose"
    refused: dict[str, dict[str, Any]] = {
        "shares-invalid": {"partner_shares": {one["partner_ids"][0]: 600_000}},
        "validity-invalid": {"valid_from": "2026-03-11"},
        "unknown-reference": {"member_shares": {str(new_id()): 1_000_000}},
    }
    for code, changes in refused.items():
        answer = await service.post(path, {**body, **changes})
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert answer.json().get("retryable", False) == (code == "unknown-reference"), "members are heard of"
    shares = await service.post(path, keeping(member_shares=body["member_shares"]))
    assert (shares.json()["code"], codes(shares.json())) == ("shares-invalid", ["/member_shares"])
    one = await agreed(service, await act(service, one, "propose", body))
    (fact,) = await service.published(ConflictResolved.TYPE)
    said = {name: fact.payload[name] for name in ("outcome", "valid_from", "valid_to", "account_id")}
    assert said == {
        "outcome": "split",
        "valid_from": "2026-03-20",
        "valid_to": None,
        "account_id": one["account_id"],
    }
    assert fact.payload["partner_shares"] == body["partner_shares"]
    assert fact.payload["member_shares"] == body["member_shares"]


async def test_nobody_who_has_left_by_then_shares_in_a_split(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    one = await mediated(service)
    body, path = await split_of(service, one), f"{PATH}/{one['id']}/propose"
    for leaves, is_there in (("2026-03-20", False), ("2026-03-21", True)):
        gone = await member_until(service, leaves)
        shares = {str(OWNER): 700_000, str(gone): 300_000}
        answer = await service.post(path, {**body, "member_shares": shares})
        if is_there:
            assert answer.status_code == 200, answer.text
            continue
        told = answer.json()
        assert (answer.status_code, told["code"], codes(told)) == (422, "owner-left", [f"/member_shares/{gone}"])
        assert not told.get("retryable", False), "it will not help to wait"


async def test_a_split_that_is_agreed_too_late_is_proposed_anew(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    one = await mediated(service)
    one = await act(service, one, "propose", await split_of(service, one))
    days.on("2026-03-20")
    await act(service, one, "agree", {"partner_id": one["partner_ids"][0]})
    answer = await service.post(f"{PATH}/{one['id']}/agree", {"partner_id": one["partner_ids"][1]})
    assert (answer.status_code, answer.json()["code"]) == (422, "validity-invalid")


async def test_of_splits_of_an_account_on_a_day_there_is_one(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    one = await mediated(service)
    key, third = UUID(one["account_id"]), await seller(service)
    await service.deliver(confirmed(order(third, key)))
    others = [each for each in await found(service) if each["id"] != one["id"]]
    assert len(others) == 2
    body = await split_of(service, one, valid_to="2026-06-30")
    for each in others:
        await act(service, each, "assess", {"severity": "low", "note": "x"})
        await act(service, each, "state", {"statement": "x"})
    both = [await act(service, each, "propose", body) for each in (one, *others)]
    for each in both:
        await act(service, each, "agree", {"partner_id": each["partner_ids"][0]})
    answers = await asyncio.gather(
        *(service.post(f"{PATH}/{each['id']}/agree", {"partner_id": each["partner_ids"][1]}) for each in both)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    lost = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (lost["code"], lost["valid_from"], lost["valid_to"]) == ("split-overlap", "2026-03-20", "2026-06-30")
    left = next(each for each, answer in zip(both, answers, strict=True) if answer.status_code == 409)
    late = await act(service, left, "propose", {**body, "valid_from": "2026-07-01", "valid_to": None})
    assert late["valid_from"] == "2026-07-01", "the day after its end is free"


async def test_precedents_by_points_the_newer_first(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-11")
    first = await at(service, "closed")
    days.on("2026-03-12")
    second = await at(service, "closed")
    await at(service, "dismissed")
    one = await opened(service)
    items = (await service.get(f"{PATH}/{one['id']}/precedents")).json()["items"]
    assert [each["number"] for each in items] == [second["number"], first["number"]]
    assert {each["points"] for each in items} == {3 + 1}, "of another severity, their regions unknown"


@pytest.mark.parametrize("outcome", ["keep", "transfer", "compensation", "policy_change"])
async def test_an_outcome_is_said_with_its_days_and_without_shares(
    service: ServiceHarness, days: Days, outcome: str
) -> None:
    days.on("2026-03-11")
    one = await agreed(service, await proposed(service, outcome=outcome, valid_to="2026-12-31"))
    (fact,) = await service.published(ConflictResolved.TYPE)
    told = [fact.payload[name] for name in ("outcome", "valid_from", "valid_to", "member_shares", "partner_shares")]
    assert told == [outcome, "2026-03-20", "2026-12-31", {}, {}]
    assert (one["state"], one["outcome"]) == ("agreed", outcome)
    again = await service.post(f"{PATH}/{one['id']}/propose", keeping())
    assert (again.status_code, again.json()["code"]) == (409, "conflict-state")
