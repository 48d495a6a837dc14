"""Deals: the first claim wins, is reviewed, protected, extended, warned of and expires."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.names import fold_name
from kit.testing.service import ServiceHarness, codes, make_event
from services.channels.deals.dues import DEALS_DUE
from services.channels.deals.repository import hold_locks
from services.channels.deals.rules import Identity, lock_keys
from services.channels.events_out.deals import (
    DealApproved,
    DealExpired,
    DealExpiring,
    DealExtended,
    DealRegistered,
    DealRejected,
    DealWithdrawn,
)
from services.risk.events_out.holds import CreditHoldPlaced
from tests.channels.conftest import Days, partner
from tests.channels.deals.claimed import (
    CHINESE,
    DEAL,
    LATIN,
    PATH,
    a_seller,
    approved,
    director,
    fresh_name,
    read,
    registered,
)
from tests.channels.quotes.offers import OWNER, SELLER, account, heard_rate, member

TAX_ID = "91310000MA1K000001"


async def work_dues(service: ServiceHarness) -> None:
    """Work what is due of deals; nothing may fail."""
    loop = DueLoop(service.runtime, [DEALS_DUE])
    while await loop.turn():
        pass
    assert await service.rows("SELECT * FROM due_failure") == []


async def told(service: ServiceHarness, *types: str) -> list[tuple[str, Any]]:
    kinds = types or (DealExpiring.TYPE, DealExpired.TYPE)
    return [(fact.type.split(".")[2], fact.payload["business_date"]) for fact in await service.published(*kinds)]


@pytest.mark.parametrize("names", [CHINESE, LATIN])
async def test_of_fifty_at_once_in_other_spellings_one_wins(service: ServiceHarness, names: tuple[str, ...]) -> None:
    sellers = [await a_seller(service) for _ in range(10)]
    bodies = [{**DEAL, **sellers[n % 10], "customer_name": names[n % len(names)]} for n in range(50)]
    for n, body in enumerate(bodies):
        if n % 3 == 0:
            body["domain"] = "blueharbour.example"
        if n % 5 == 0:
            body["tax_id"] = TAX_ID
    answers = await asyncio.gather(*(service.post(PATH, body) for body in bodies))
    won = [answer.json() for answer in answers if answer.status_code == 201]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, 49)
    assert {(one["code"], one["number"], one["partner_id"]) for one in lost} == {
        ("duplicate-deal", won[0]["number"], won[0]["partner_id"])
    }
    assert len(await service.published(DealRegistered.TYPE)) == 1
    other = await registered(service, customer_name="北京蓝港贸易")
    assert other["state"] == "registered", "of another place, so another company"


async def test_who_waits_hears_who_has_won_though_the_others_still_wait(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the queue is, and however slow the machine: nobody is told to come again."""
    monkeypatch.setattr("services.channels.deals.service.TURN", 0.05)
    monkeypatch.setattr("services.channels.deals.service.PATIENCE", 1_000)
    made = await registered(service, customer_name=CHINESE[0])
    who = await a_seller(service)
    async with service.transaction() as tx:
        await tx.execute("UPDATE deal SET state = 'withdrawn', due_at = NULL")
    async with service.transaction() as tx:
        identity = Identity(fold_name(CHINESE[1]), "CN", None, None)
        await hold_locks(tx, lock_keys(identity, who["partner_id"]))
        asked = asyncio.create_task(service.post(PATH, {**DEAL, **who, "customer_name": CHINESE[1]}))
        await asyncio.sleep(0.2)
        assert not asked.done(), "it waits for a claim that may be the same"
        async with service.transaction() as other:
            await other.execute("UPDATE deal SET state = 'registered'")
        answer = await asked
    assert (answer.status_code, answer.json()["number"]) == (409, made["number"])


async def test_what_is_told_of_a_claim(service: ServiceHarness, days: Days) -> None:
    days.on("2026-02-12")
    await service.deliver(heard_rate("CNY", "0.137"))
    known = await account(service, name_key="blueharbourtrading", country="CN", tax_id_hash=None, domain_hash=None)
    made = await registered(
        service, customer_name=LATIN[0], currency="CNY", tax_id=TAX_ID, domain="https://www.bh.example/x"
    )
    assert (made["number"], made["value_base"], made["review_due_on"]) == ("DL-2026-000001", 137_000, "2026-02-14")
    assert (made["account_id"], made["owner_id"], made["domain"]) == (known, str(OWNER), "bh.example")
    assert "tax_id" not in str(made)
    (fact,) = await service.published(DealRegistered.TYPE)
    assert (fact.key, fact.payload["account_id"], fact.payload["base_currency"]) == (made["partner_id"], known, "USD")
    assert len(fact.payload["identity_hashes"]) == 3
    stored = await service.rows("SELECT d::text AS row FROM deal d UNION ALL SELECT l::text FROM audit_log l")
    assert not [row for row in stored if TAX_ID in row["row"]], "the tax id itself is kept nowhere"


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ({"tax_id": TAX_ID}, {"tax_id": f" {TAX_ID[:9]}-{TAX_ID[9:].lower()}"}, True),
        ({"domain": "bh.example"}, {"domain": "http://WWW.bh.example/about"}, True),
        ({"domain": "qq.com"}, {"domain": "qq.com"}, False),
        ({"customer_name": LATIN[0]}, {"customer_name": LATIN[1], "country": "JP"}, False),
        (
            {"customer_name": LATIN[0], "tax_id": TAX_ID},
            {"customer_name": LATIN[1], "tax_id": "91310000MA1K000002"},
            False,
        ),
        ({"customer_name": LATIN[0], "tax_id": TAX_ID}, {"customer_name": LATIN[1]}, True),
    ],
)
async def test_who_is_the_same_customer(
    service: ServiceHarness, first: dict[str, Any], second: dict[str, Any], is_refused: bool
) -> None:
    await registered(service, **first)
    answer = await service.post(PATH, {**DEAL, **fresh_name(), **await a_seller(service), **second})
    assert answer.status_code == (409 if is_refused else 201), answer.text


async def test_ones_own_claim_is_a_duplicate_too_and_of_others_no_partner_is_told(service: ServiceHarness) -> None:
    await member(service, SELLER, "seller")
    await member(service, OWNER, "owner")
    seller = service.headers("seller", "sales_rep")
    body = {**DEAL, **await a_seller(service), "customer_name": CHINESE[0]}
    made = (await service.post(PATH, body, headers=seller)).json()
    assert made["owner_id"] == str(SELLER)
    own = (await service.post(PATH, body, headers=seller)).json()
    assert (own["code"], own["number"], own["deal_id"]) == ("duplicate-deal", made["number"], made["id"])
    foreign = (await service.post(PATH, body, headers=service.headers("owner", "sales_rep"))).json()
    assert (foreign["code"], foreign["number"]) == ("duplicate-deal", made["number"])
    assert foreign["registered_at"][:10] == made["registered_at"][:10]
    assert not {"partner_id", "deal_id"} & foreign.keys()
    hidden = await service.get(f"{PATH}/{made['id']}", headers=service.headers("owner", "sales_rep"))
    assert hidden.status_code == 404


async def test_a_claim_that_is_over_frees_its_customer(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    name = {"customer_name": CHINESE[0], "tax_id": TAX_ID}
    first = await registered(service, **name)
    refused = {"reason": "too_early", "note": "No need yet"}
    answer = await service.post(f"{PATH}/{first['id']}/reject", refused, headers=director(service))
    assert (answer.json()["state"], answer.json()["rejection"]) == ("rejected", "too_early")
    second = await registered(service, **name)
    left = await service.post(f"{PATH}/{second['id']}/withdraw", {"reason": "customer_lost"})
    assert left.json()["state"] == "withdrawn"
    third = await approved(service, **name)
    days.on("2026-05-31", 23)
    again = await service.post(PATH, {**DEAL, **await a_seller(service), **name})
    assert (again.status_code, again.json()["number"]) == (409, third["number"])
    days.on("2026-06-01", 0)
    early = await service.post(PATH, {**DEAL, **await a_seller(service), **name})
    assert (early.status_code, early.json()["retryable"]) == (409, True), "its last day is over, and not worked yet"
    await work_dues(service)
    await registered(service, **name)
    facts = await service.published(DealRejected.TYPE, DealWithdrawn.TYPE)
    assert [fact.payload["reason"] for fact in facts] == ["too_early", "customer_lost"]


async def test_the_database_refuses_two_claims_on_a_tax_id(service: ServiceHarness) -> None:
    made = await registered(service, tax_id=TAX_ID)
    names = ", ".join(name for name in (await service.rows("SELECT * FROM deal"))[0] if name not in ("id", "number"))
    with pytest.raises(asyncpg.UniqueViolationError):
        async with service.transaction() as tx:
            await tx.execute(
                f"INSERT INTO deal (id, number, {names}) SELECT gen_random_uuid(), 'DL-0', {names} FROM deal"
            )
    assert (await read(service, made))["state"] == "registered"


async def test_somebody_else_decides_within_two_working_days(service: ServiceHarness, days: Days) -> None:
    days.on("2026-02-12")
    made = await registered(service)
    path = f"{PATH}/{made['id']}"
    for verb, body in (("approve", {}), ("reject", {"reason": "incomplete"})):
        same = await service.post(f"{path}/{verb}", body)
        assert (same.status_code, same.json()["code"]) == (409, "same-person")
    days.on("2026-02-14", 23)
    await work_dues(service)
    assert (await read(service, made))["is_review_late"] is False
    days.on("2026-02-15", 0)
    await work_dues(service)
    late = await read(service, made)
    assert (late["is_review_late"], late["state"]) == (True, "registered"), "late is said, the claim stays"
    found = (await service.get(f"{PATH}?is_review_late=true")).json()["items"]
    assert [one["id"] for one in found] == [made["id"]]
    days.on("2026-03-02")
    answers = await asyncio.gather(*(service.post(f"{path}/approve", {}, headers=director(service)) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert (await read(service, made))["protected_until"] == "2026-05-31"
    (fact,) = await service.published(DealApproved.TYPE)
    assert (fact.payload["protected_until"], fact.payload["state"]) == ("2026-05-31", "approved")


async def test_a_protection_is_warned_of_twice_and_ends(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    made = await approved(service)
    days.on("2026-05-16", 23)
    await work_dues(service)
    assert await told(service) == []
    days.on("2026-05-17", 0)
    await work_dues(service)
    days.on("2026-06-09")
    await work_dues(service)
    await work_dues(service)
    assert await told(service) == [
        ("expiring", "2026-05-17"),
        ("expiring", "2026-05-28"),
        ("expired", "2026-06-01"),
    ]
    assert [fact.payload["days_left"] for fact in await service.published(DealExpiring.TYPE)] == [14, 3]
    assert (await read(service, made))["state"] == "expired"


async def test_two_extensions_with_evidence(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-02")
    made = await approved(service)
    path, headers = f"{PATH}/{made['id']}/extend", director(service)
    days.on("2026-05-20")
    for body in ({"days": 91, "evidence": "x"}, {"days": 0, "evidence": "x"}, {"days": 90, "evidence": ""}):
        assert (await service.post(path, body, headers=headers)).status_code == 422, body
    first = (await service.post(path, {"days": 90, "evidence": "Tender in July"}, headers=headers)).json()
    assert (first["protected_until"], first["extensions"], first["next_warning"]) == ("2026-08-29", 1, 14)
    second = (await service.post(path, {"days": 1, "evidence": "Again"}, headers=headers)).json()
    assert (second["protected_until"], second["extensions"]) == ("2026-08-30", 2)
    third = await service.post(path, {"days": 1, "evidence": "Again"}, headers=headers)
    assert (third.status_code, third.json()["code"]) == (409, "extensions-used")
    assert len(await service.published(DealExtended.TYPE)) == 2
    other = await approved(service)
    days.on("2026-09-01")
    over = await service.post(f"{PATH}/{other['id']}/extend", {"days": 1, "evidence": "Late"}, headers=headers)
    assert (over.status_code, over.json()["state"]) == (409, "expired"), "also before its end is worked"


async def test_fifty_open_deals_a_partner(service: ServiceHarness) -> None:
    who = await a_seller(service)
    bodies = [{**DEAL, **who, **fresh_name()} for _ in range(52)]
    answers = await asyncio.gather(*(service.post(PATH, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201] * 50 + [409] * 2
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too-many-deals"}
    one = next(answer.json() for answer in answers if answer.status_code == 201)
    await service.post(f"{PATH}/{one['id']}/withdraw", {"reason": "lost"})
    await registered(service, **who)


def hold(partner_id: str, version: int, *reasons: str) -> Any:
    payload = {
        **CreditHoldPlaced.EXAMPLE,
        "subject_kind": "partner",
        "account_id": None,
        "partner_id": partner_id,
        "hold_reasons": list(reasons),
        "version": version,
    }
    return make_event(CreditHoldPlaced.TYPE, payload, partner_id, subject=partner_id)


async def test_a_partner_on_hold_registers_none(service: ServiceHarness) -> None:
    who = await a_seller(service)
    await service.deliver(hold(who["partner_id"], 2, "manual"), hold(who["partner_id"], 1))
    answer = await service.post(PATH, {**DEAL, **who, **fresh_name()})
    assert (answer.status_code, answer.json()["code"]) == (409, "partner-on-hold")
    await service.deliver(hold(who["partner_id"], 3))
    await registered(service, **who)


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"partner_id": str(new_id())}, 422, "unknown-reference", "/partner_id"),
        ({"product_lines": ["none"]}, 422, "unknown-reference", "/product_lines/0"),
        ({"tax_id": "--"}, 422, "deal-invalid", "/tax_id"),
        ({"domain": "nothing"}, 422, "deal-invalid", "/domain"),
        ({"country": "cn"}, 422, "invalid", "/country"),
        ({"value": 0}, 422, "invalid", "/value"),
        ({"currency": "JPY"}, 409, "exchange-rate-missing", "/currency"),
    ],
)
async def test_what_is_wrong_is_named(
    service: ServiceHarness, changes: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = await service.post(PATH, {**DEAL, **fresh_name(), **await a_seller(service), **changes})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (status, code, [pointer]), answer.text


async def test_only_an_active_partner_registers(service: ServiceHarness) -> None:
    who = str(await partner(service))
    await service.post(f"/v1/partners/{who}/suspend", {"reason": "Licence"})
    answer = await service.post(PATH, {**DEAL, **fresh_name(), "partner_id": who})
    assert (answer.status_code, answer.json()["code"]) == (422, "partner-inactive")
