"""Agreements: written, signed by a second person, one at a time for what is guarded, followed, ended."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import asyncpg
import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.agreements.dues import AGREEMENTS_DUE
from services.channels.events_out.agreements import (
    AgreementExpired,
    AgreementRenewalDue,
    AgreementSigned,
    AgreementTerminated,
)
from tests.channels.agreements.signed import (
    PATH,
    TERMS,
    a_partner,
    director,
    drafted,
    next_signed,
    proposed,
    sign,
    signed,
)
from tests.channels.conftest import Days, Order


async def work_dues(service: ServiceHarness) -> None:
    """Work what is due of agreements; nothing may fail."""
    loop = DueLoop(service.runtime, [AGREEMENTS_DUE])
    while await loop.turn():
        pass
    assert await service.rows("SELECT * FROM due_failure") == []


async def told(service: ServiceHarness, *types: str) -> list[tuple[str, Any]]:
    """What was said since signing: the type, and its business date."""
    kinds = types or (AgreementRenewalDue.TYPE, AgreementExpired.TYPE, AgreementTerminated.TYPE)
    return [(fact.type.split(".")[2], fact.payload["business_date"]) for fact in await service.published(*kinds)]


async def test_somebody_else_signs(service: ServiceHarness, days: Days) -> None:
    days.on("2026-01-10")
    path = await proposed(service)
    same = await service.post(f"{path}/sign")
    assert (same.status_code, same.json()["code"]) == (409, "same-person")
    manager = service.headers("manager", "channel_manager")
    assert (await service.post(f"{path}/sign", headers=manager)).status_code == 403
    answers = await asyncio.gather(*(sign(service, path) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    found = (await service.get(path)).json()
    assert (found["state"], found["signed_by"], found["signed_on"]) == ("signed", "director", "2026-01-10")
    (fact,) = await service.published(AgreementSigned.TYPE)
    assert (fact.key, fact.sequence, fact.payload["number"]) == (found["partner_id"], 3, "AG-2026-000001")
    assert (fact.payload["currency"], fact.payload["valid_to"], fact.payload["changed"]) == (
        service.runtime.settings.base_currency,
        "2026-12-31",
        ["state", "signed_on"],
    )


async def test_of_forty_signed_at_once_one_holds(service: ServiceHarness) -> None:
    territories = [["CN-SH"], ["CN"], ["CN-ZJ", "CN-SH"], ["cn-sh"]]
    paths = [await proposed(service, territory=territories[n % 4]) for n in range(40)]
    answers = await asyncio.gather(*(sign(service, path) for path in paths))
    held = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(held), len(refused)) == (1, 39)
    assert {(one["code"], one["number"], one["valid_from"], one["valid_to"]) for one in refused} == {
        ("exclusivity-overlap", held[0]["number"], "2026-01-01", "2026-12-31")
    }
    assert len(await service.published(AgreementSigned.TYPE)) == 1
    owners = await service.rows("SELECT DISTINCT agreement_id FROM agreement_cell")
    assert [str(row["agreement_id"]) for row in owners] == [held[0]["id"]]


async def a_line(service: ServiceHarness, *lines: str) -> None:
    for line in lines:
        await service.post("/v1/products", {"sku": f"CD-{line}", "name": line, "product_line": line})


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ({}, {}, True),
        ({}, {"territory": ["CN"]}, True),
        ({"territory": ["CN"]}, {"territory": ["Shanghai"]}, True),
        ({"territory": ["AZ-SA"]}, {"territory": ["AZ-SAB"]}, False),
        ({"territory": ["AZ-SAB"]}, {"territory": ["AZ-SA"]}, False),
        ({}, {"exclusivity": "none"}, True),
        ({"exclusivity": "none"}, {}, True),
        ({"exclusivity": "none"}, {"exclusivity": "sole"}, True),
        ({"exclusivity": "none"}, {"exclusivity": "none"}, False),
        ({"exclusivity": "sole"}, {"exclusivity": "sole"}, True),
        ({}, {"mode": "online"}, False),
        ({}, {"mode": "all"}, True),
        ({"product_lines": ["rock"]}, {"product_lines": ["jazz"]}, False),
        ({"product_lines": ["rock"]}, {"product_lines": ["jazz", "rock"]}, True),
        ({"product_lines": ["rock"]}, {}, True),
        ({}, {"valid_from": "2026-12-31", "valid_to": "2027-12-31"}, True),
        ({}, {"valid_from": "2027-01-01", "valid_to": "2027-12-31"}, False),
        ({"valid_to": None}, {"valid_from": "2031-01-01", "valid_to": None}, True),
    ],
)
async def test_two_partners_share_nothing_that_is_guarded(
    service: ServiceHarness, first: dict[str, Any], second: dict[str, Any], is_refused: bool
) -> None:
    await a_line(service, "rock", "jazz")
    await signed(service, **first)
    answer = await sign(service, await proposed(service, **second))
    assert answer.status_code == (409 if is_refused else 200), answer.text
    if is_refused:
        assert (answer.json()["code"], answer.json()["number"][:3]) == ("exclusivity-overlap", "AG-")


async def test_of_one_partner_two_that_are_guarded_are_one_too_many(service: ServiceHarness) -> None:
    own = await a_partner(service)
    await signed(service, **own)
    assert (await sign(service, await proposed(service, **own, exclusivity="none"))).status_code == 200
    assert (await sign(service, await proposed(service, **own, exclusivity="sole"))).status_code == 409


async def test_the_database_refuses_what_would_be_shared(service: ServiceHarness) -> None:
    await signed(service)
    copied = """
INSERT INTO agreement_cell
SELECT gen_random_uuid(), $1, product_line, 'AG-0', partner_id, mode, $2, valid_from, valid_to
FROM agreement_cell LIMIT 1
"""
    with pytest.raises(asyncpg.ExclusionViolationError):
        async with service.transaction() as tx:
            await tx.execute(copied, "cn", "sole")
    async with service.transaction() as tx:
        await tx.execute(copied, "cn-s", "sole")
        await tx.execute(copied, "cn", "none")


async def test_regions_and_lines_within_one_another_are_one(service: ServiceHarness) -> None:
    await a_line(service, "rock")
    path = await signed(service, territory=["CN-SH", "CN", "JP"], product_lines=["rock"])
    cells = await service.rows("SELECT region, product_line FROM agreement_cell ORDER BY region")
    assert [tuple(row.values()) for row in cells] == [("cn", "rock"), ("jp", "rock")]
    assert (await service.get(path)).json()["territory"] == ["CN-SH", "CN", "JP"], "it says what was written"


async def test_an_amendment_holds_from_its_day_on(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-01")
    path = await signed(service)
    for start in ("2026-01-01", "2027-01-02"):
        wrong = await service.post(f"{path}/amend", {"valid_from": start})
        assert (wrong.status_code, wrong.json()["code"], codes(wrong.json())) == (
            422,
            "validity-invalid",
            ["/valid_from"],
        )
    later = await next_signed(service, path, "amend", valid_from="2026-07-01", territory=["CN-ZJ"], max_discount=1)
    first, second = (await service.get(path)).json(), (await service.get(later)).json()
    assert (first["state"], first["ends_on"], first["valid_to"]) == ("signed", "2026-06-30", "2026-12-31")
    assert (second["agreement_version"], second["number"], second["max_discount"]) == (2, first["number"], 1)
    assert (second["valid_from"], second["ends_on"], second["mode"]) == ("2026-07-01", "2026-12-31", "offline")
    free = {"territory": ["CN-SH"], "valid_from": "2026-07-01"}
    assert (await sign(service, await proposed(service, **free))).status_code == 200
    assert (await sign(service, await proposed(service, territory=["CN-ZJ"]))).status_code == 409
    again = await service.post(f"{path}/amend", {"valid_from": "2026-06-01"})
    assert (again.status_code, again.json()["code"]) == (409, "agreement-superseded")
    days.on("2026-12-15")
    await work_dues(service)
    assert (await service.get(path)).json()["state"] == "expired"
    assert await told(service, AgreementExpired.TYPE) == [], "the agreement goes on"
    warned = await service.published(AgreementRenewalDue.TYPE)
    assert {fact.payload["id"] for fact in warned} >= {second["id"]}
    assert first["id"] not in {fact.payload["id"] for fact in warned}


async def test_an_amendment_is_refused_where_another_holds(service: ServiceHarness) -> None:
    path = await signed(service)
    other = await signed(service, territory=["CN-ZJ"])
    answer = await service.post(f"{path}/amend", {"valid_from": "2026-07-01", "territory": ["CN"]})
    number = (await service.get(other)).json()["number"]
    assert (answer.status_code, answer.json()["code"], answer.json()["number"]) == (409, "exclusivity-overlap", number)
    assert (await service.post(f"{path}/amend", {"valid_from": "2026-07-01"})).status_code == 201
    second = await service.post(f"{path}/amend", {"valid_from": "2026-07-01"})
    assert (second.status_code, second.json()["code"]) == (409, "draft-open")


async def test_warnings_are_said_once_each_then_the_end(service: ServiceHarness, days: Days) -> None:
    days.on("2026-09-01")
    path = await signed(service)
    await work_dues(service)
    assert await told(service) == []
    days.on("2026-10-02", 0)
    await work_dues(service)
    assert await told(service) == [("renewal_due", "2026-10-02")], "the day begins in the company's zone"
    days.on("2027-01-05")
    await work_dues(service)
    await work_dues(service)
    warned = [("renewal_due", day) for day in ("2026-10-02", "2026-11-01", "2026-12-01")]
    assert await told(service) == [*warned, ("expired", "2027-01-01")]
    facts = await service.published(AgreementRenewalDue.TYPE, AgreementExpired.TYPE)
    assert [fact.payload.get("days_left") for fact in facts] == [90, 60, 30, None]
    assert [fact.sequence for fact in facts] == [4, 5, 6, 7]
    assert (await service.get(path)).json()["state"] == "expired"


async def test_signed_late_only_what_is_left_is_warned(service: ServiceHarness, days: Days) -> None:
    days.on("2026-11-02")
    path = await signed(service)
    days.on("2026-12-31")
    await work_dues(service)
    assert await told(service) == [("renewal_due", "2026-12-01")]
    open_end = await signed(service, territory=["JP"], valid_to=None)
    assert (await service.get(open_end)).json()["next_warning"] is None
    assert (await service.get(path)).json()["state"] == "signed", "its last day is not over"


async def test_a_renewal_takes_over_and_cancels_the_warnings(service: ServiceHarness, days: Days) -> None:
    days.on("2026-10-02")
    path = await signed(service)
    await work_dues(service)
    later = await next_signed(service, path, "renew", valid_to="2027-12-31")
    assert (await service.get(later)).json()["valid_from"] == "2027-01-01"
    days.on("2027-01-01")
    await work_dues(service)
    assert await told(service) == [("renewal_due", "2026-10-02")]
    assert ((await service.get(path)).json()["state"], (await service.get(later)).json()["state"]) == (
        "expired",
        "signed",
    )
    days.on("2028-01-03")
    await work_dues(service)
    late = await next_signed(service, later, "renew")
    assert (await service.get(late)).json()["valid_from"] == "2028-01-01", "renewed after its end, without a gap"


async def test_a_termination_keeps_the_notice(service: ServiceHarness, days: Days) -> None:
    days.on("2026-06-01")
    path = await signed(service, notice_days=60)
    reason, headers = {"reason": "minimum_missed"}, director(service)
    early = await service.post(f"{path}/terminate", {**reason, "terminated_on": "2026-07-30"}, headers=headers)
    assert (early.status_code, early.json()["code"], codes(early.json())) == (
        422,
        "notice-too-short",
        ["/terminated_on"],
    )
    for day in ("2026-05-31", "2027-01-01"):
        wrong = await service.post(f"{path}/terminate", {**reason, "terminated_on": day, "for_cause": True})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "validity-invalid"), day
    ended = (await service.post(f"{path}/terminate", reason, headers=headers)).json()
    assert (ended["state"], ended["terminated_on"], ended["ends_on"]) == ("terminated", "2026-07-31", "2026-07-31")
    (fact,) = await service.published(AgreementTerminated.TYPE)
    assert (fact.payload["terminated_on"], fact.payload["reason"]) == ("2026-07-31", "minimum_missed")
    assert (await sign(service, await proposed(service))).status_code == 409, "it holds until its last day"
    assert (await sign(service, await proposed(service, valid_from="2026-08-01"))).status_code == 200
    days.on("2027-02-01")
    await work_dues(service)
    assert ("terminated", "2026-06-01") in await told(service)
    expired = await service.published(AgreementExpired.TYPE)
    assert ended["id"] not in {one.payload["id"] for one in expired}


async def test_a_termination_ends_all_versions(service: ServiceHarness, days: Days) -> None:
    days.on("2026-06-01")
    path = await signed(service)
    later = await next_signed(service, path, "renew", valid_to="2027-12-31")
    former = await service.post(f"{path}/terminate", {"reason": "moved"})
    assert (former.status_code, former.json()["code"]) == (409, "agreement-superseded")
    assert (await service.post(f"{later}/terminate", {"reason": "moved"})).json()["ends_on"] == "2026-06-01"
    assert (await service.get(path)).json()["state"] == "terminated"
    assert len(await service.published(AgreementTerminated.TYPE)) == 2
    assert (await sign(service, await proposed(service, valid_from="2026-06-02", valid_to=None))).status_code == 200


async def test_what_waits_for_a_signature_falls_with_the_agreement(service: ServiceHarness) -> None:
    path = await signed(service, valid_to=None)
    made = (await service.post(f"{path}/amend", {"valid_from": "2026-07-01"})).json()
    later = f"{PATH}/{made['id']}"
    await service.post(f"{later}/propose")
    await service.post(f"{path}/terminate", {"reason": "moved"})
    answer = await sign(service, later)
    assert (answer.status_code, answer.json()["code"]) == (409, "agreement-over")


async def test_the_volume_and_its_pace(service: ServiceHarness, days: Days) -> None:
    days.on("2026-03-14")
    await a_line(service, "rock", "jazz")
    who = await a_partner(service)
    path = await signed(service, **who, product_lines=["rock"], territory=["CN"], minimum_volume_base=100_000)
    partner_id: Any = who["partner_id"]
    counted = Order(partner_id, [("rock", 15_000), ("jazz", 7_000)], date(2026, 1, 1))
    early, foreign = Order(partner_id, [("rock", 1)], date(2025, 12, 31)), Order(partner_id, [("rock", 2)])
    regions = {counted.id: "CN-SH", early.id: "CN", foreign.id: "CNX"}
    events = [one.confirmed() for one in (counted, early, foreign)]
    await service.deliver(*events)
    for order_id, region in regions.items():
        async with service.transaction() as tx:
            await tx.execute("UPDATE sale SET region = $2 WHERE order_id = $1", order_id, region)
    found = (await service.get(f"{path}/volume")).json()
    assert (found["attained_base"], found["missing_base"], found["elapsed_days"], found["total_days"]) == (
        15_000,
        85_000,
        73,
        365,
    )
    assert (found["pace"], found["until"]) == (750_000, "2026-03-14")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"partner_id": str(new_id())}, "unknown-reference", "/partner_id"),
        ({"product_lines": ["none"]}, "unknown-reference", "/product_lines/0"),
        ({"programme_ids": [str(new_id())]}, "unknown-reference", "/programme_ids/0"),
        ({"valid_to": "2025-12-31"}, "validity-invalid", "/valid_to"),
        ({"valid_to": None, "minimum_volume_base": 1}, "agreement-invalid", "/valid_to"),
        ({"territory": []}, "invalid", "/territory"),
        ({"territory": ["CN", "CN"]}, "invalid", "/territory"),
        ({"document_sha256": "A"}, "invalid", "/document_sha256"),
        (
            {"discounts": [{"product_line": "rock", "discount": 1}, {"product_line": "ROCK", "discount": 2}]},
            "agreement-invalid",
            "/discounts/1/product_line",
        ),
    ],
)
async def test_what_is_wrong_is_named(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    await a_line(service, "rock")
    answer = await service.post(PATH, {**TERMS, **await a_partner(service), **changes})
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert pointer in codes(answer.json())


async def test_whoever_rewrites_a_proposal_is_its_author(service: ServiceHarness) -> None:
    path = await proposed(service)
    headers = service.headers("manager", "channel_manager", If_Match='"2"')
    again = await service.request("PUT", path, {**TERMS, "notice_days": 30}, headers=headers)
    assert (again.status_code, again.json()["state"], again.json()["written_by"]) == (200, "draft", "manager")
    assert (await service.request("PUT", path, TERMS)).status_code == 428
    await drafted(service)
    found = (await service.get(f"{PATH}?region=CN-SH&state=draft&sort=number")).json()["items"]
    assert [one["number"][-6:] for one in found] == ["000001", "000002"]


async def test_a_product_line_is_found_however_it_is_written(service: ServiceHarness) -> None:
    await a_line(service, "rock")
    path = await drafted(service, product_lines=["rock"])
    for written, expected in (("rock", 1), ("ROCK", 1), ("jazz", 0)):
        found = (await service.get(f"{PATH}?product_line={written}")).json()["items"]
        assert len(found) == expected, (path, written)
