"""What partners are known by: unique tax ids, what is sealed, what is named, and lists by it."""

from __future__ import annotations

import asyncio
from itertools import cycle, islice
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from tests.channels.conflicts.found import merged, unmerged
from tests.channels.deals.test_router import hold
from tests.channels.partners.identified import BANK, PATH, USCC, body, made, member, spellings, uscc
from tests.channels.quotes.offers import account

COMPACT = "6222020000001234"


async def test_what_is_given_is_shown(service: ServiceHarness) -> None:
    await service.post("/v1/products", {"sku": "CD", "name": "CD", "product_line": "Rock"})
    owner, customer = str(await member(service)), await account(service)
    one = await made(
        service,
        local_name="蓝港经销",
        country="CN",
        tax_id=" ".join((USCC[:8], USCC[8:].lower())),
        product_lines=["rock", "Rock"],
        owner_id=owner,
        account_id=customer,
        bank=BANK,
    )
    assert {name: one[name] for name in ("local_name", "country", "tax_id", "product_lines", "owner_id")} == {
        "local_name": "蓝港经销",
        "country": "CN",
        "tax_id": USCC,
        "product_lines": ["Rock"],
        "owner_id": owner,
    }
    assert one["bank"] == {**BANK, "account_number": COMPACT, "bic": None}
    assert (one["account_id"], one["filed_account_id"], one["credit_hold"]) == (customer, customer, False)
    assert (await service.get(f"{PATH}/{one['id']}")).json() == one
    assert (await service.get(PATH)).json()["items"] == [one]
    assert (await service.get(f"{PATH}?fields=bank")).json()["items"] == [{"bank": one["bank"]}]
    fact = (await service.published())[-1]
    assert (fact.payload["country"], fact.payload["product_lines"]) == ("CN", ["Rock"])
    assert (fact.payload["account_id"], fact.payload["owner_id"]) == (customer, owner)


async def test_what_is_sealed_stands_nowhere_in_clear(service: ServiceHarness, capfd: Any) -> None:
    one = await made(service, country="CN", tax_id=USCC, bank=BANK)
    other = {**BANK, "account_number": "9558801001234567"}
    changed = await service.patch(f"{PATH}/{one['id']}", {"bank": other, "tax_id": uscc(7)}, 1)
    assert changed.status_code == 200, changed.text
    await service.post(f"{PATH}/batch", {"rows": [body("P-2", country="CN", tax_id=uscc(8), bank=BANK)]})
    kept = [
        *await service.rows("SELECT p::text AS kept FROM partner p"),
        *await service.rows("SELECT coalesce(before::text, '') || after::text AS kept FROM audit_log"),
        *await service.rows("SELECT o::text AS kept FROM outbox o"),
    ]
    out = capfd.readouterr()
    said = " ".join([str(row["kept"]) for row in kept] + [str(f.payload) for f in await service.published()])
    said += out.out + out.err
    for word in (USCC, uscc(7), uscc(8), COMPACT, "9558801001234567", "Li Na", "ICBC"):
        assert word not in said
        assert word.encode().hex() not in said
    assert [f.payload["changed"] for f in await service.published()] == [[], ["tax_id", "bank"], []]


async def test_who_may_not_see_it_gets_masks_and_finds_nobody_by_it(service: ServiceHarness) -> None:
    one = await made(service, country="CN", tax_id=USCC, bank=BANK)
    rep, lead = service.headers("rep", "sales_rep"), service.headers("lead", "sales_manager")
    for seen in (
        (await service.get(f"{PATH}/{one['id']}", headers=rep)).json(),
        (await service.get(PATH, headers=rep)).json()["items"][0],
    ):
        assert (seen["tax_id"], seen["bank"]["account_number"]) == ("*" * 14 + "341L", "*" * 12 + "1234")
        assert seen["bank"]["holder"] == "***"
    refused = await service.get(f"{PATH}?tax_id={USCC}", headers=rep)
    assert (refused.status_code, codes(refused.json())) == (400, ["tax_id"])
    assert await service.rows("SELECT FROM audit_log WHERE action = 'read' AND actor = 'rep'") == []
    await made(service, "P-2")
    assert (await service.get(PATH, headers=lead)).json()["items"][0]["tax_id"] == USCC
    traces = await service.rows("SELECT resource, after FROM audit_log WHERE action = 'read' AND actor = 'lead'")
    assert [(each["resource"], str(each["after"]).count("-")) for each in traces] == [("partner", 4)], "one partner"


@pytest.mark.parametrize("written", [USCC, "9111 0000 6000 3734 1l", "9111-00006000.37341/l"])
async def test_a_tax_id_is_found_however_it_is_written(service: ServiceHarness, written: str) -> None:
    one = await made(service, country="CN", tax_id=USCC)
    await made(service, "P-2", country="DE", tax_id="DE811569869")
    items = (await service.get(f"{PATH}?tax_id={written}")).json()["items"]
    assert [each["id"] for each in items] == [one["id"]]
    assert (await service.get(f"{PATH}?tax_id=811569869&country=DE")).json()["items"][0]["code"] == "P-2"
    assert (await service.get(f"{PATH}?tax_id={uscc(1)}")).json()["items"] == []


async def test_a_tax_id_is_one_partner_of_a_country(service: ServiceHarness) -> None:
    one = await made(service, country="CN", tax_id=USCC)
    second = await made(service, "P-2", country="CN", tax_id=uscc(2))
    spelt = {"country": "CN", "tax_id": USCC.lower()}
    tries = (await service.post(PATH, body("P-3", **spelt)), await service.patch(f"{PATH}/{second['id']}", spelt, 1))
    for answer in tries:
        problem = answer.json()
        assert (answer.status_code, problem["code"], codes(problem)) == (409, "duplicate-partner", ["/tax_id"])
        assert problem["conflicting_id"] == one["id"]
    # in another country it is another's
    await made(service, "P-4", country="HK", tax_id=USCC)
    moved = await service.patch(f"{PATH}/{one['id']}", {"country": "HK"}, 1)
    assert moved.json()["code"] == "duplicate-partner"
    # what was given up is free
    assert (await service.patch(f"{PATH}/{one['id']}", {"tax_id": None}, 1)).json()["tax_id"] is None
    assert (await service.patch(f"{PATH}/{second['id']}", spelt, 1)).json()["tax_id"] == USCC
    assert len(await service.published()) == 5


@pytest.mark.parametrize("through", ["one", "batch", "both"])
async def test_of_fifty_writers_of_one_tax_id_one_is_first(service: ServiceHarness, through: str) -> None:
    async def write(number: int, tax_id: str) -> bool:
        row = body(f"P-{number}", country="CN", tax_id=tax_id)
        if through == "batch" or (through == "both" and number % 2):
            answer = await service.post(f"{PATH}/batch", {"rows": [body(f"N-{number}"), row]})
            assert answer.status_code == 200, answer.text
            _, result = answer.json()["results"]
            assert result["status"] == "created" or result["problem"]["code"] == "duplicate-partner", result
            return bool(result["status"] == "created")
        answer = await service.post(PATH, row)
        assert answer.status_code == 201 or answer.json()["code"] == "duplicate-partner", answer.text
        return answer.status_code == 201

    every = list(spellings(USCC))
    written = list(islice(cycle(every), 50))
    won = await asyncio.gather(*(write(number, tax_id) for number, tax_id in enumerate(written)))
    assert (len(won), sum(won)) == (50, 1)
    (row,) = await service.rows("SELECT count(*) AS number FROM partner WHERE tax_id_hash IS NOT NULL")
    assert row["number"] == 1


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"tax_id": "91110000600037341M", "country": "CN"}, "tax-id-invalid", "/tax_id"),
        ({"tax_id": USCC}, "tax-id-invalid", "/country"),
        ({"tax_id": "\u0000", "country": "CN"}, "invalid", "/tax_id"),
        ({"tax_id": "１２３", "country": "CN"}, "tax-id-invalid", "/tax_id"),
        ({"country": "China"}, "invalid", "/country"),
        ({"owner_id": str(new_id())}, "unknown-reference", "/owner_id"),
        ({"account_id": str(new_id())}, "unknown-reference", "/account_id"),
        ({"product_lines": ["polka"]}, "unknown-reference", "/product_lines/0"),
        ({"bank": {"bank_name": "ICBC"}}, "invalid", "/bank/account_number"),
        ({"bank": {**BANK, "bic": "icbk"}}, "invalid", "/bank/bic"),
        ({"credit_hold": True}, "invalid", "/credit_hold"),
    ],
)
async def test_what_does_not_fit_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    one = await made(service, "P-0")
    tries = (await service.post(PATH, body("P-1", **changes)), await service.patch(f"{PATH}/{one['id']}", changes, 1))
    for answer in tries:
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])
    rows = (await service.post(f"{PATH}/batch", {"rows": [body("P-1", **changes), body("P-2")]})).json()
    assert (rows["created"], codes(rows["results"][0]["problem"])) == (1, [f"/rows/0{pointer}"])


async def test_the_country_of_a_kept_tax_id_may_change(service: ServiceHarness) -> None:
    one = await made(service, country="DE", tax_id="811569869")
    path = f"{PATH}/{one['id']}"
    for changes, pointer in (({"country": "CN"}, "/tax_id"), ({"country": None}, "/country")):
        refused = await service.patch(path, changes, 1)
        assert (refused.json()["code"], codes(refused.json())) == ("tax-id-invalid", [pointer])
    changed = await service.patch(path, {"country": "AT"}, 1)
    assert (changed.status_code, changed.json()["country"]) == (200, "AT")
    assert len((await service.get(f"{PATH}?tax_id={changed.json()['tax_id']}")).json()["items"]) == 1
    assert (await service.patch(path, {"country": "AT"}, 2)).headers["etag"] == '"2"'


async def test_what_is_the_same_changes_nothing(service: ServiceHarness) -> None:
    one = await made(service, country="CN", tax_id=USCC, bank=BANK)
    same = {"tax_id": f"{USCC[:9]} {USCC[9:].lower()}", "bank": {**BANK, "account_number": COMPACT, "bic": None}}
    answer = await service.patch(f"{PATH}/{one['id']}", same, 1)
    assert (answer.status_code, answer.json()) == (200, one)
    assert len(await service.published()) == 1
    gone = await service.patch(f"{PATH}/{one['id']}", {"bank": None}, 1)
    assert (gone.json()["bank"], gone.json()["tax_id"], gone.json()["version"]) == (None, USCC, 2)


async def test_who_has_left_is_responsible_for_nobody_new(service: ServiceHarness) -> None:
    left, owner = await member(service, "2024-01-01"), await member(service)

    def refused(answer: dict[str, Any]) -> bool:
        return (answer["code"], codes(answer), answer.get("retryable", False)) == ("owner-left", ["/owner_id"], False)

    answer = await service.post(PATH, body("P-1", owner_id=str(left)))
    assert answer.status_code == 422
    assert refused(answer.json()), answer.text
    one = await made(service, owner_id=str(owner))
    assert [each["id"] for each in (await service.get(f"{PATH}?owner_id={owner}")).json()["items"]] == [one["id"]]
    path, sent = f"{PATH}/{one['id']}", {"owner_id": str(left)}
    assert refused((await service.patch(path, sent, 1)).json())
    (row,) = (await service.post(f"{PATH}/batch", {"rows": [body("P-1", **sent)]})).json()["results"]
    assert (row["status"], row["problem"]["code"]) == ("problem", "owner-left")
    async with service.transaction() as tx:
        await tx.execute("UPDATE partner SET owner_id = $1", left)
    assert (await service.patch(path, {**sent, "name": "Later"}, 1)).status_code == 200, "theirs stays editable"


async def test_who_has_moved_has_not_left(service: ServiceHarness) -> None:
    owner = await member(service, "2024-01-01")
    spans = [("2020-01-01", "2024-01-01"), ("2024-01-01", None)]
    memberships = [{"unit_id": new_id(), "path": [new_id()], "valid_from": a, "valid_to": b} for a, b in spans]
    moved = {"id": owner, "code": "m", "subject": "m", "role": "sales_rep", "memberships": memberships, "version": 2}
    await service.deliver(make_event("targets.member.moved.v1", moved, "organisation", sequence=2))
    assert (await made(service, owner_id=str(owner)))["owner_id"] == str(owner)


async def test_the_account_of_a_partner_follows_a_merge_and_its_end(service: ServiceHarness) -> None:
    survivor, other = await account(service), await account(service)
    one, merge = await made(service, account_id=other), new_id()
    path = f"{PATH}/{one['id']}"

    async def found() -> list[Any]:
        items = [
            (await service.get(f"{PATH}?account_id={each}&fields=account_id,filed_account_id")).json()["items"]
            for each in (survivor, other)
        ]
        read = (await service.get(path)).json()
        return [(read["account_id"], read["filed_account_id"]), *items]

    apart = {"account_id": other, "filed_account_id": other}
    assert await found() == [(other, other), [], [apart]]
    await service.deliver(merged(survivor, other, merge))  # type: ignore[arg-type]
    joined = {"account_id": survivor, "filed_account_id": other}
    assert await found() == [(survivor, other), [joined], [joined]]
    assert (await service.patch(path, {"name": "Other"}, 1)).status_code == 200
    assert (await service.published())[-1].payload["account_id"] == other, "events keep the filed one"
    await service.deliver(unmerged(survivor, other, merge))  # type: ignore[arg-type]
    assert await found() == [(other, other), [], [apart]]


async def test_a_hold_of_risk_is_shown(service: ServiceHarness) -> None:
    one, _free = await made(service), await made(service, "P-2")
    await service.deliver(hold(one["id"], 2, "manual"))
    await service.deliver(hold(one["id"], 1))  # an older one comes later
    assert (await service.get(f"{PATH}/{one['id']}")).json()["credit_hold"] is True
    assert [each["code"] for each in (await service.get(f"{PATH}?credit_hold=true")).json()["items"]] == ["P-1"]
    assert [each["code"] for each in (await service.get(f"{PATH}?credit_hold=false")).json()["items"]] == ["P-2"]
    await service.deliver(hold(one["id"], 3))
    assert (await service.get(f"{PATH}?credit_hold=true")).json()["items"] == []


async def test_local_names_and_lines_are_searched(service: ServiceHarness) -> None:
    await service.post("/v1/products", {"sku": "CD", "name": "CD", "product_line": "rock"})
    await made(service, local_name="上海蓝港", product_lines=["rock"])
    await made(service, "P-2")
    for query in ("q=蓝港", "local_name=上海藍港", "product_line=rock", "product_line[in]=rock,pop"):
        found = await service.get(f"{PATH}?{query}")
        assert [each["code"] for each in found.json()["items"]] == ["P-1"], (query, found.text)
