"""What users of other systems reported of names, numbers, files and people who left. Each test names its report."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from kit.testing.service import codes
from tests.customer.conftest import REP_1, REP_2, World
from tests.customer.transfers.test_transfers import leave

ERP = {"erp": "C-1"}


def company(name: str = "Blue Harbour", **fields: Any) -> dict[str, Any]:
    return {"kind": "organization", "name": name, "owner_id": str(REP_1), **fields}


async def sent(world: World, path: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await world.service.post(f"/v1/{path}/batch", {"rows": list(rows)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def names(world: World, query: str) -> list[str]:
    answer = await world.service.get(f"/v1/accounts?{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("country", "one", "other"),
    [
        ("AR", "20-05536168-2", "20055361682"),
        ("ES", "05680675-C", "ES05680675C"),
        ("ES", "05680675C", "es 05680675-c"),
        ("BE", "0308.357.159", "be0308357159"),
    ],
    ids=["OCA/partner-contact#1414", "odoo/odoo#69333", "odoo/odoo#258223", "wpovernight#1506"],
)
async def test_a_tax_id_is_one_with_and_without_signs(world: World, country: str, one: str, other: str) -> None:
    made = await world.account(country=country, tax_id=one)
    answer = await world.service.post("/v1/accounts", company("Red", country=country, tax_id=other))
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-account"), answer.text
    (result,) = await sent(world, "accounts", company("Red", country=country, tax_id=other, external_ids=ERP))
    assert result["problem"]["code"] == "duplicate-account"
    for spelling in (one, other):
        answer = await world.service.get(f"/v1/accounts?tax_id={quote(spelling)}")
        assert [item["id"] for item in answer.json()["items"]] == [made["id"]]


async def test_a_row_of_what_is_archived_is_told_so_and_brings_nothing_back(world: World) -> None:
    """twentyhq/twenty#13195, civicrm/civicrm-core#9362: a deleted row is "a duplicate" that nobody sees, or a crash."""
    account = await world.account(external_ids=ERP)
    assert (await world.service.post(f"/v1/accounts/{account['id']}/archive")).status_code == 200
    (result,) = await sent(world, "accounts", company("Red", external_ids=ERP))
    assert (result["status"], result["problem"]["code"]) == ("problem", "account-archived"), result
    assert (await world.service.post(f"/v1/accounts/{account['id']}/restore")).status_code == 200
    (result,) = await sent(world, "accounts", company("Red", external_ids=ERP))
    assert (result["status"], result["id"]) == ("updated", account["id"])


async def test_an_archived_contact_is_no_duplicate_and_no_crash(world: World) -> None:
    """civicrm/civicrm-core#9362."""
    of = {"account_id": (await world.account())["id"]}
    row = {**of, "external_ids": {"crm": "K1"}, "name": "Li Wei", "emails": [{"value": "li@harbour.example"}]}
    (made,) = await sent(world, "contacts", row)
    assert made["status"] == "created", made
    assert (await world.service.post(f"/v1/contacts/{made['id']}/archive")).status_code == 200
    (result,) = await sent(world, "contacts", {**row, "name": "Li Weiwei"})
    assert (result["status"], result["problem"]["code"]) == ("problem", "contact-archived"), result
    other = {**row, "external_ids": {"crm": "K2"}}
    assert [one["status"] for one in await sent(world, "contacts", other)] == ["created"], "its address is free"


async def test_ids_of_others_stay_apart_as_they_spell_them(world: World) -> None:
    """forcedotcom/SFDX-Data-Move-Utility#781: an upsert by an id in another case inserts, or hits the wrong row."""
    rows = [company(f"Firm {number}", external_ids={"erp": key}) for number, key in enumerate(("aB1", "AB1", "ab1"))]
    assert [one["status"] for one in await sent(world, "accounts", *rows)] == ["created"] * 3
    assert [one["status"] for one in await sent(world, "accounts", *rows)] == ["unchanged"] * 3


async def test_rows_are_matched_as_the_database_keeps_them_apart(world: World) -> None:
    """twentyhq/twenty#13553: the upsert finds no row and the insert hits one."""
    account = await world.account(country="FR", tax_id="40 303 265 045", external_ids=ERP)
    row = company("Blue", country="FR", tax_id="fr40303265045", external_ids=ERP)
    (result,) = await sent(world, "accounts", row)
    assert (result["status"], result["id"]) == ("updated", account["id"])
    twice = [
        company("A", country="FR", tax_id=spelling, external_ids={"erp": f"C-{len(spelling)}"})
        for spelling in ("732 829 320", "732829320")
    ]
    found = await sent(world, "accounts", *twice)
    assert [one["status"] for one in found] == ["created", "problem"], found


async def test_a_row_with_blanks_around_its_id_is_the_same_row_or_refused(world: World) -> None:
    """restforce/restforce#243: ids that look the same are several rows."""
    await world.account(external_ids={"erp": "C-1"})
    for key in (" C-1", "C-1 ", "C-1\u00a0", "C-1\u200b"):
        answer = await world.service.post("/v1/accounts/batch", {"rows": [company("Red", external_ids={"erp": key})]})
        if answer.status_code == 200:
            (result,) = answer.json()["results"]
            assert result["status"] in ("problem", "updated", "unchanged"), (key, result)
        else:
            assert answer.status_code == 422, answer.text
    assert len(await names(world, "kind=organization")) == 1


@pytest.mark.parametrize("field", ["name", "-name"])
async def test_small_letters_stand_among_great_ones(world: World, field: str) -> None:
    """odoo/odoo#75552, textileio/photos#1036, SparkDevNetwork/Rock#6688."""
    wanted = ["aaron", "Bernd", "chris", "Émile", "Zebra"]
    for name in ("Zebra", "aaron", "Émile", "Bernd", "chris"):
        await world.account(name=name)
    found = await names(world, f"sort={field}")
    assert found == (wanted if field == "name" else wanted[::-1])


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("DÍAZ y Cía", "díaz"),
        ("Rodríguez", "RODRI\u0301GUEZ"),
        ("Straße", "STRASSE"),
        ("ＡＢＣ商事", "abc"),
        ("ﾎﾝﾀﾞ", "ホンダ"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("臺灣", "台湾"),
    ],
)
async def test_a_name_is_found_in_another_case_and_form(world: World, stored: str, asked: str) -> None:
    """indico/indico#1496 and others: what is typed with other keys finds nothing."""
    await world.account(name=stored)
    await world.account(name="Other")
    assert len(await names(world, f"q={quote(asked)}")) == 1


async def test_shares_that_no_float_sums_to_the_whole_are_the_whole(world: World) -> None:
    """frappe/erpnext#57802, #57911: 72.68 + 10.93 + 2.73 + 13.66 is more than 100; #17423: 110 is taken."""
    account = await world.account()
    shares = [726_800, 109_300, 27_300, 136_600]
    members = [str(REP_1), str(REP_2), *await others(world, 2)]

    def credits(*given: int) -> list[dict[str, Any]]:
        return [{"member_id": member, "share": share} for member, share in zip(members, given, strict=False)]

    order = await world.placed(account, credits=credits(*shares))
    assert [one["share"] for one in order["credits"]] == shares
    for wrong in ((600_000, 500_000), (600_000, 399_999), (1_000_000, 0)):
        answer = await world.service.post("/v1/orders", world.order_body(account, credits=credits(*wrong)))
        assert answer.status_code == 422, answer.text
        assert codes(answer.json())[0].startswith("/credits")


async def others(world: World, count: int) -> list[str]:
    """Members besides."""
    rows = await world.service.rows(
        "SELECT DISTINCT id FROM principal WHERE NOT id = ANY($1) ORDER BY id", [REP_1, REP_2]
    )
    return [str(row["id"]) for row in rows[:count]]


async def test_work_is_not_parked_on_who_has_left(world: World) -> None:
    """pdovhomilja/nextcrm-app#274, openopps/openopps-platform#1964: an owner who is no more, and a way on from them."""
    account = await world.account()
    body = {"account_id": account["id"], "name": "n", "amount": 1, "currency": "CNY", "owner_id": str(REP_2)}
    opportunity = (await world.service.post("/v1/opportunities", body)).json()
    await leave(world, REP_2, "rep-2")
    refused = await world.service.post("/v1/opportunities", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "owner-left")
    path = f"/v1/opportunities/{opportunity['id']}"
    headers = world.service.headers("manager-north", "sales_manager")
    moved = await world.service.patch(path, {"owner_id": str(REP_1)}, opportunity["version"], headers=headers)
    assert (moved.status_code, moved.json()["owner_id"]) == (200, str(REP_1)), moved.text
    trail = await world.service.rows(
        "SELECT actor FROM audit_log WHERE resource = 'opportunity' AND before IS NOT NULL"
    )
    assert [row["actor"] for row in trail] == ["manager-north"]


@pytest.mark.parametrize("email", [" space@company.example", "space@company.example ", "\u00a0space@company.example"])
async def test_an_address_with_a_blank_is_kept_without_it(world: World, email: str) -> None:
    """SuiteCRM/SuiteCRM-Core#987, oroinc/crm#357: it is thrown away, or the row is."""
    account = await world.account()
    body = {"account_id": account["id"], "name": "Li", "emails": [{"value": email}]}
    answer = await world.service.post("/v1/contacts", body)
    assert answer.status_code == 201, answer.text
    assert [one["value"] for one in answer.json()["emails"]] == ["space@company.example"]
    (result,) = await sent(world, "contacts", {**body, "name": "Wu", "external_ids": {"crm": "K1"}})
    assert result["problem"]["code"] == "duplicate-contact", result


@pytest.mark.parametrize(
    ("stored", "asked"),
    [("Queen’s University", "queen's"), ("Li  Wei", "li wei"), (" Blue Harbour ", "blue harbour")],
    ids=["SuiteCRM/SuiteCRM#2913", "SuiteCRM/SuiteCRM#10339", "blanks at the ends"],
)
async def test_signs_and_blanks_that_look_alike_are_found(world: World, stored: str, asked: str) -> None:
    await world.account(name=stored)
    assert len(await names(world, f"q={quote(asked)}")) == 1


async def test_names_that_differ_by_an_accent_are_two_companies(world: World) -> None:
    """YetiForceCompany/YetiForceCRM#17393: Müller and Muller are taken for duplicates."""
    wanted = ("Müller", "Muller", "Möller", "Moller")
    rows = [company(name, country="DE", external_ids={"erp": f"C-{n}"}) for n, name in enumerate(wanted)]
    assert [one["status"] for one in await sent(world, "accounts", *rows)] == ["created"] * 4
    assert await names(world, f"name={quote('Müller')}") == ["Müller"]
