"""Each kind: what its rows become, how they are found again and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from services.customer.imports.enums import ImportKind
from services.customer.imports.subjects import REVERTED
from tests.customer.conftest import REP_1, World
from tests.customer.imports.files import counts, imported, reverted, rows_of, text_of

SHOP: dict[str, Any] = {"key": "id", "options": {"source": "shop", "account_source": "erp"}}


@pytest.fixture
async def account(world: World) -> dict[str, Any]:
    return await world.account(external_ids={"erp": "C-1"}, country="CN")


async def one(world: World, run: dict[str, Any], path: str) -> dict[str, Any]:
    """What the only row became."""
    (row,) = await rows_of(world, run)
    found: dict[str, Any] = (await world.service.get(f"/v1/{path}/{row['resource_id']}")).json()
    return found


async def test_contacts(world: World, account: dict[str, Any]) -> None:
    header = ["id", "account", "name", "roles", "email", "phone", "birthday", "title"]
    row = [
        "K1",
        "C-1",
        "张伟",
        "decision_maker;finance",
        "z@harbour.example",
        "021 6288 1234 转 801",
        "1980/2/4",
        "=CEO",
    ]
    run = await imported(world, "contacts", text_of(header, row), **SHOP)
    assert counts(run) == (1, 0, 0, 0)
    contact = await one(world, run, "contacts")
    assert contact["account_id"] == account["id"]
    assert (contact["birthday"], contact["title"]) == ("1980-02-04", "=CEO")
    assert contact["phones"][0]["extension"] == "801"
    assert counts(await imported(world, "contacts", text_of(header, row), **SHOP)) == (0, 0, 1, 0)
    changed = await imported(world, "contacts", text_of(["id", "account", "name"], ["K1", "C-1", "张伟伟"]), **SHOP)
    assert counts(changed) == (0, 1, 0, 0)
    assert (await one(world, run, "contacts"))["emails"] == contact["emails"], "a column that is not there"
    assert (await reverted(world, changed))["reverted"] == 1
    assert (await one(world, run, "contacts"))["name"] == "张伟"
    twin = await imported(world, "contacts", text_of(header, ["K2", *row[1:]]), **SHOP)
    assert [found["codes"] for found in await rows_of(world, twin)] == [["duplicate-contact"]]
    options = {**SHOP["options"], "skip_duplicate_check": True}
    both = await imported(world, "contacts", text_of(header, ["K2", *row[1:]]), key="id", options=options)
    assert counts(both) == (1, 0, 0, 0)


@pytest.mark.usefixtures("account")
async def test_orders_are_drafts_or_placed(world: World) -> None:
    header = ["id", "account", "currency", "order_date", "sku", "quantity", "unit_price", "tax_rate"]
    rows = [["O1", "C-1", "CNY", "2026/2/14", "CD-ROCK", "3", "1,000.50", "13%"]]
    run = await imported(world, "orders", text_of(header, *rows), **SHOP)
    assert counts(run) == (1, 0, 0, 0)
    order = await one(world, run, "orders")
    assert (order["state"], order["net"], order["tax"], order["order_date"]) == ("draft", 300_150, 39_020, "2026-02-14")
    assert counts(await imported(world, "orders", text_of(header, *rows), **SHOP)) == (0, 0, 1, 0)
    more = [[*rows[0][:5], "4", *rows[0][6:]]]
    changed = await imported(world, "orders", text_of(header, *more), **SHOP)
    assert counts(changed) == (0, 1, 0, 0)
    assert (await reverted(world, changed))["reverted"] == 1
    assert (await one(world, run, "orders"))["lines"][0]["quantity"] == 3
    placing = {**SHOP, "options": {**SHOP["options"], "place": True}}
    two = text_of(header, ["O2", *rows[0][1:]], ["O3", *rows[0][1:4], "CD-OLD", "1", "1", "0"])
    placed = await imported(world, "orders", two, **placing)
    assert counts(placed) == (1, 0, 0, 1)
    back = await reverted(world, placed)
    assert (back["reverted"], back["kept"]) == (0, 1)
    assert (await rows_of(world, placed))[0]["kept_reason"] == "order-placed"


async def test_a_draft_is_taken_back_and_imported_anew(world: World, account: dict[str, Any]) -> None:
    header = ["id", "account_id", "currency", "sku", "quantity", "unit_price"]
    data = text_of(header, ["O1", account["id"], "JPY", "CD-ROCK", "1", "15"])
    rate = {"currency": "JPY", "rate": "0.0067", "valid_from": "2026-01-01"}
    assert (await world.service.post("/v1/exchange-rates", rate)).status_code == 201
    run = await imported(world, "orders", data, **SHOP)
    assert (await one(world, run, "orders"))["gross"] == 15
    assert (await reverted(world, run))["reverted"] == 1
    gone = await one(world, run, "orders")
    assert (gone["state"], gone["external_id"], gone["former_external_id"]) == ("cancelled", None, None)
    assert counts(await imported(world, "orders", data, **SHOP)) == (1, 0, 0, 0)


async def test_payments(world: World, account: dict[str, Any]) -> None:
    order = await world.confirmed(account, external_id={"source": "shop", "id": "O9"})
    header = ["id", "account", "currency", "amount", "method", "received_on", "order"]
    data = text_of(header, ["P1", "C-1", "CNY", "10.00", "cash", "2026-02-15", "O9"])
    run = await imported(world, "payments", data, **SHOP)
    assert counts(run) == (1, 0, 0, 0)
    assert (await world.order(order["id"]))["paid"] == 1_000
    assert counts(await imported(world, "payments", data, **SHOP)) == (0, 0, 1, 0)
    other = await imported(world, "payments", data.replace("10.00", "11.00"), **SHOP)
    assert [row["codes"] for row in await rows_of(world, other)] == [["payment-external-id-taken"]]
    assert (await reverted(world, run))["reverted"] == 1
    assert (await world.order(order["id"]))["paid"] == 0
    voided = await one(world, run, "payments")
    assert (voided["void_reason"], voided["former_external_id"]) == (REVERTED, None)
    assert counts(await imported(world, "payments", data, **SHOP)) == (1, 0, 0, 0)


async def test_leads(world: World) -> None:
    header = ["id", "company", "email", "source", "owner_id"]
    row = ["L1", "Blue Harbour", "z@harbour.example", "fair", str(REP_1)]
    run = await imported(world, "leads", text_of(header, row), **SHOP)
    assert counts(run) == (1, 0, 0, 0)
    assert (await one(world, run, "leads"))["owner_id"] == str(REP_1)
    changed = await imported(world, "leads", text_of(header[:2], ["L1", "Blue Harbour Trading"]), **SHOP)
    assert counts(changed) == (0, 1, 0, 0)
    assert (await reverted(world, changed))["reverted"] == 1
    assert (await one(world, run, "leads"))["company"] == "Blue Harbour"
    data = text_of(header, ["L2", *row[1:]])
    second = await imported(world, "leads", data, **SHOP)
    assert (await reverted(world, second))["reverted"] == 1
    assert (await one(world, second, "leads"))["disqualified_reason"] == REVERTED
    assert counts(await imported(world, "leads", data, **SHOP)) == (1, 0, 0, 0)


@pytest.mark.usefixtures("account")
async def test_opportunities(world: World) -> None:
    header = ["id", "account", "name", "amount", "currency", "expected_close", "competitors", "probability"]
    row = ["D1", "C-1", "Branch", "10,000", "CNY", "2027-01-31", "acme;other", "40%"]
    run = await imported(world, "opportunities", text_of(header, row), **SHOP)
    assert counts(run) == (1, 0, 0, 0)
    found = await one(world, run, "opportunities")
    assert (found["amount"], found["probability"], found["competitors"]) == (1_000_000, 400_000, ["acme", "other"])
    moved = text_of([*header, "stage"], [*row[:3], "5", *row[4:], "need_analysis"])
    changed = await imported(world, "opportunities", moved, **SHOP)
    assert counts(changed) == (0, 1, 0, 0)
    back = await reverted(world, changed)
    assert ((back["reverted"], back["kept"]), (await rows_of(world, changed))[0]["kept_reason"]) == (
        (0, 1),
        "stage-moved",
    )
    assert (await one(world, run, "opportunities"))["amount"] == 1_000_000
    data = text_of(header, ["D2", *row[1:]])
    second = await imported(world, "opportunities", data, **SHOP)
    assert (await reverted(world, second))["reverted"] == 1
    assert (await one(world, second, "opportunities"))["lost_reason"] == REVERTED
    assert counts(await imported(world, "opportunities", data, **SHOP)) == (1, 0, 0, 0)


def test_every_kind_is_a_resource() -> None:
    assert {kind.value for kind in ImportKind} == {
        "accounts",
        "contacts",
        "orders",
        "payments",
        "leads",
        "opportunities",
    }
