"""Traps that users of other systems reported, as far as no slice has a test of them: docs/architecture/decisions.md
names the test of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.customer.conftest import REP_1, REP_2, World, work_off
from tests.customer.consents.test_service import give, is_allowed, withdraw
from tests.customer.imports.files import counts, imported, text_of
from tests.customer.merges.test_service import merge
from tests.customer.transfers.test_transfers import leave


async def made(world: World, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    answer = await world.service.post(f"/v1/{path}", body, headers=world.service.headers(**headers))
    assert answer.status_code in (200, 201, 202), (path, answer.text)
    found: dict[str, Any] = answer.json()
    return found


async def listed(world: World, path: str) -> list[dict[str, Any]]:
    answer = await world.service.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def twin(world: World, name: str) -> dict[str, Any]:
    """An account that has one of everything, each like that of its twin."""
    account = await world.account(tags=["vip"], external_ids={"erp": name})
    of = {"account_id": account["id"]}
    await made(world, "contacts", {**of, "name": "Li Wei", "emails": [{"value": "li@harbour.example"}]})
    await made(
        world, "activities", {**of, "kind": "call", "phase": "pre_sale", "subject": "Call", "due_on": "2026-02-14"}
    )
    await made(world, "opportunities", {**of, "name": "New branch", "amount": 100, "currency": "CNY"})
    await made(world, "cases", {**of, "kind": "question", "severity": "low", "subject": "When?"})
    order = await world.confirmed(account)
    part = [{"order_id": order["id"], "amount": 100}]
    await made(world, "payments", {**of, "currency": "CNY", "amount": 100, "method": "cash", "allocations": part})
    return account


KINDS = ("contacts", "activities", "opportunities", "cases", "orders", "payments")


async def test_a_merge_drops_no_row_because_both_sides_have_one_like_it(world: World) -> None:
    one, other = await twin(world, "1"), await twin(world, "2")
    before = {kind: {row["id"] for row in await listed(world, kind)} for kind in KINDS}
    assert {len(rows) for rows in before.values()} == {2}
    await merge(world, one, other)
    for kind in KINDS:
        for account in (one, other):
            assert {row["id"] for row in await listed(world, f"{kind}?account_id={account['id']}")} == before[kind], (
                kind
            )
    told = (await world.service.get(f"/v1/accounts/{one['id']}/timeline?limit=200")).json()["items"]
    assert len([entry for entry in told if entry["kind"] == "payment"]) == 2
    (row,) = await listed(world, "accounts")
    assert row["tags"] == ["vip"]


async def test_an_import_again_revives_no_consent_and_takes_no_owner_back(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    start: dict[str, Any] = {"key": "id", "options": {"source": "shop", "account_source": "erp"}}
    header, row = ["id", "account", "name", "email"], ["K1", "C-1", "Li Wei", "li@harbour.example"]
    assert counts(await imported(world, "contacts", text_of(header, row), **start)) == (1, 0, 0, 0)
    (contact,) = await listed(world, "contacts")
    path = f"/v1/contacts/{contact['id']}"
    given = (await give(world, path, 0)).json()
    await withdraw(world, path, given["id"], 1)
    await made(world, f"accounts/{account['id']}/transfer", {"owner_id": str(REP_2)})
    assert counts(await imported(world, "contacts", text_of(header, row), **start)) == (0, 0, 1, 0)
    changed = [*row[:2], "Li Weiwei", row[3]]
    assert counts(await imported(world, "contacts", text_of(header, changed), **start)) == (0, 1, 0, 0)
    assert not await is_allowed(world, path)
    assert (await listed(world, "accounts"))[0]["owner_id"] == str(REP_2)


async def test_a_cell_that_is_empty_takes_nothing_of_the_row_before(world: World) -> None:
    await world.account(external_ids={"erp": "C-1"})
    start: dict[str, Any] = {"key": "id", "options": {"source": "shop", "account_source": "erp"}}
    header = ["id", "account", "name", "email", "phone", "title"]
    rows = [
        [
            f"K{n}",
            "C-1",
            f"Li {n}",
            *(("" if n % 2 else one) for one in (f"li{n}@harbour.example", "021 62881234", "CEO")),
        ]
        for n in range(6)
    ]
    assert counts(await imported(world, "contacts", text_of(header, *rows), **start)) == (6, 0, 0, 0)
    for contact in await listed(world, "contacts"):
        n = int(contact["name"].split()[1])
        emails = [] if n % 2 else [f"li{n}@harbour.example"]
        assert [one["value"] for one in contact["emails"]] == emails
        assert (bool(contact["phones"]), contact["title"]) == (not n % 2, None if n % 2 else "CEO")


async def test_columns_that_a_file_of_orders_lacks_change_nothing(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    contact = await made(world, "contacts", {"account_id": account["id"], "name": "Li"})
    body = world.order_body(
        account, region="CN-BJ", contact_id=contact["id"], external_id={"source": "shop", "id": "O1"}
    )
    before = await made(world, "orders", body)
    start: dict[str, Any] = {"key": "id", "options": {"source": "shop", "account_source": "erp"}}
    header = ["id", "account", "currency", "order_date", "sku", "quantity", "unit_price"]
    run = await imported(
        world, "orders", text_of(header, ["O1", "C-1", "CNY", "2026-02-14", "CD-ROCK", "5", "9"]), **start
    )
    assert counts(run) == (0, 1, 0, 0)
    after = await world.order(before["id"])
    assert after["lines"][0]["quantity"] == 5
    for name in ("partner_id", "region", "contact_id", "credits"):
        assert after[name], name
        assert after[name] == before[name], name
    row = {**body, "partner_id": None, "lines": body["lines"][:1]}
    answer = await made(world, "orders/batch", {"rows": [row]})
    assert (answer["updated"], (await world.order(before["id"]))["partner_id"]) == (1, None)


OWNED: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("accounts", {"kind": "organization", "name": "Red Harbour"}, {"region": "CN-BJ"}),
    ("activities", {"kind": "call", "phase": "pre_sale", "due_on": "2026-02-14"}, {"due_on": "2026-02-15"}),
    ("cases", {"kind": "question", "severity": "low", "subject": "When?"}, {"subject": "Why?"}),
    ("leads", {"company": "Red Harbour"}, {"campaign": "spring"}),
    ("opportunities", {"name": "New branch", "amount": 100, "currency": "CNY"}, {"next_step": "call"}),
    ("surveys", {"name": "How were we?", "kind": "nps"}, {"name": "How are we?"}),
)


@pytest.mark.parametrize(("path", "body", "change"), OWNED, ids=[one[0] for one in OWNED])
async def test_an_owner_who_left_blocks_no_edit_and_is_not_chosen(
    world: World, path: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    of = (
        {"account_id": (await world.account(owner_id=str(REP_2)))["id"]}
        if path in ("activities", "opportunities")
        else {}
    )
    row = await made(world, path, {**body, **of, "owner_id": str(REP_1)}, X_Skip_Duplicate_Check="true")
    other = await made(world, path, {**body, **of, "owner_id": str(REP_2)}, X_Skip_Duplicate_Check="true")
    await leave(world, REP_1, "rep-1")
    answer = await world.service.patch(f"/v1/{path}/{row['id']}", change, row["version"])
    assert (answer.status_code, answer.json().get("owner_id")) == (200, str(REP_1)), answer.text
    if path not in ("cases", "surveys"):  # a case changes its owner by `assign`, a survey never
        sent = {**change, "owner_id": str(REP_1)}
        answer = await world.service.patch(f"/v1/{path}/{row['id']}", sent, answer.json()["version"])
        assert answer.status_code == 200, ("sent back as it was", answer.text)
        answer = await world.service.patch(f"/v1/{path}/{other['id']}", {"owner_id": str(REP_1)}, other["version"])
        assert (answer.status_code, answer.json()["code"]) == (422, "owner-left"), answer.text
    answer = await world.service.post(
        f"/v1/{path}",
        {**body, **of, "owner_id": str(REP_1)},
        headers=world.service.headers(X_Skip_Duplicate_Check="true"),
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "owner-left"), answer.text


async def test_a_closed_deal_keeps_what_closed_it_and_is_never_overdue(world: World) -> None:
    account = await world.account()
    contact = await made(world, "contacts", {"account_id": account["id"], "name": "Li"})
    body = {"account_id": account["id"], "name": "n", "amount": 100, "currency": "CNY", "expected_close": "2026-01-31"}
    rows = [await made(world, "opportunities", body) for _ in range(3)]
    closed = [
        await made(world, f"opportunities/{rows[0]['id']}/win", {}),
        await made(world, f"opportunities/{rows[1]['id']}/lose", {"lost_reason": "price"}),
    ]
    edits: tuple[dict[str, Any], ...] = (
        {"name": "m"},
        {"amount": 200},
        {"currency": "USD"},
        {"expected_close": "2025-12-31"},
        {"owner_id": str(REP_2)},
        {"contact_id": contact["id"]},
        {"next_step": "call", "competitors": ["x"]},
    )
    for before in closed:
        now = before
        for edit in edits:
            answer = await world.service.patch(f"/v1/opportunities/{before['id']}", edit, now["version"])
            assert answer.status_code == 200, (edit, answer.text)
            now = answer.json()
        for name in ("probability", "forecast_category", "closed_at", "closed_on", "state"):
            assert now[name] == before[name], name
    overdue = await listed(world, "opportunities?overdue=true")
    assert [row["id"] for row in overdue] == [rows[2]["id"]]


async def test_a_credit_of_one_order_hides_no_debt_of_another(world: World) -> None:
    """What was paid too much of one stays beside what is owed of the other, which is overdue though it is paid in
    part."""
    account, sold = await world.account(), {"order_date": "2026-01-31", "payment_terms_days": 30}
    over, late = await world.confirmed(account, **sold), await world.confirmed(account, **sold)
    for order, amount in ((over, over["gross"]), (late, 10)):
        part = [{"order_id": order["id"], "amount": amount}]
        body = {"account_id": account["id"], "currency": "CNY", "amount": amount, "method": "cash", "allocations": part}
        await made(world, "payments", body)
    await made(world, f"orders/{over['id']}/returns", {"lines": [{"line_no": 1, "quantity": 3}]})
    (row,) = await listed(world, f"orders?account_id={account['id']}&is_overdue=true")
    assert (row["id"], row["open_amount"], row["due_on"]) == (late["id"], late["gross"] - 10, "2026-03-02")
    (credited,) = await listed(world, f"orders?account_id={account['id']}&is_overdue=false")
    assert (credited["open_amount"], credited["paid"] > credited["gross"] - credited["returned"]) == (0, True)


async def test_jobs_are_audited_like_requests(world: World) -> None:
    """That they were asked for, by whom, and what they changed in whose name."""
    account = await world.account()
    rules = [{"label": "all", "filter": "kind=organization"}]
    rule_set = await made(world, "rule-sets", {"axis": "size", "rules": rules, "default": "none"})
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("accounts/transfers", {"from": str(REP_1), "to": str(REP_2)}),
        ("grading-runs", {}),
        ("rfm-runs", {}),
        ("churn-fits", {}),
        ("duplicate-scans", {}),
        (f"rule-sets/{rule_set['id']}/run", {"dry_run": False}),
    )
    for path, body in asked:
        before = (await world.service.rows("SELECT count(*) AS n FROM audit_log"))[0]["n"]
        await made(world, path, body)
        rows = await world.service.rows("SELECT actor FROM audit_log ORDER BY id DESC")
        assert (len(rows), rows[0]["actor"]) == (before + 1, "admin"), path
    await work_off(world.service)
    changed = await world.service.rows(
        "SELECT actor, resource_id FROM audit_log WHERE action = 'transfer' AND resource = 'account'"
    )
    assert [(row["actor"], str(row["resource_id"])) for row in changed] == [("admin", account["id"])]


async def test_an_import_is_audited_like_its_rows(world: World) -> None:
    run = await imported(world, "accounts", text_of(["name"], ["Red Harbour"]), constants={"kind": "organization"})
    assert counts(run) == (1, 0, 0, 0)
    rows = await world.service.rows("SELECT actor, action, resource FROM audit_log ORDER BY id")
    assert {row["actor"] for row in rows} == {"admin"}
    assert {"import", "account"} <= {row["resource"].replace("_run", "") for row in rows}, rows


async def test_what_is_spelt_in_another_case_is_ordered_and_placed_at_once(world: World) -> None:
    account = await world.account()
    lines = [{"sku": "cd-rock", "quantity": 1, "unit_price": 100}]
    order = await made(world, "orders", world.order_body(account, lines=lines, place=True))
    assert (order["state"], order["lines"][0]["sku"]) == ("placed", "CD-ROCK")
    rows = [{**world.order_body(account, lines=lines, place=True), "external_id": {"source": "shop", "id": "1"}}]
    answer = await made(world, "orders/batch", {"rows": rows})
    assert answer["created"] == 1, answer
    assert (await world.order(answer["results"][0]["id"]))["state"] == "placed"
