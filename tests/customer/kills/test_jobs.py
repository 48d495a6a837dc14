"""Jobs whose workers are killed at one statement after the other: no row is lost or doubled, sums are equal, events are
said once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.customer.grading import service as grading
from services.customer.imports import loading
from services.customer.transfers import service as transfers
from tests.customer.conftest import REP_1, REP_2, World
from tests.customer.grading.conftest import DAY, Bought, bought, changes, read, start
from tests.customer.imports.files import PATH, counts, rows_of, sent, shown, started, text_of
from tests.customer.kills.lives import Lives, totals

ROWS = 12


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "AT_ONCE", 5)
    monkeypatch.setattr(transfers, "BATCH", 2)
    monkeypatch.setattr(grading, "CHUNK", 2)


async def test_an_import_of_accounts_and_its_revert(world: World, lives: Lives) -> None:
    data = text_of(["id", "name"], *[[f"C-{n}", f"Quay {n}"] for n in range(ROWS)])
    run = await sent(world, "accounts", data)
    assert (await started(world, run, key="id")).status_code == 200

    async def is_whole() -> None:
        (seen,) = await world.service.rows(
            "SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(DISTINCT name) FROM account) AS names, "
            "(SELECT count(*) FROM account_external_id) AS ids, (SELECT count(*) FROM import_row) AS rows, "
            "(SELECT sum(created) FROM import_run) AS created, (SELECT count(*) FROM account_fact) AS facts, "
            "(SELECT count(*) FROM audit_log WHERE resource = 'account') AS audited, "
            "(SELECT count(*) FROM outbox WHERE type = 'customer.account.created.v1') AS said"
        )
        assert len(set(totals([seen]).values())) == 1, seen

    assert await lives.work_through(is_whole, 4) > 5
    assert counts(await shown(world, run)) == (ROWS, 0, 0, 0)
    assert [row["row_no"] for row in await rows_of(world, run)] == list(range(2, ROWS + 2))
    assert len(await world.service.published("customer.import.finished.v1")) == 1
    assert (await world.service.post(f"{PATH}/{run['id']}/revert")).status_code == 200

    async def is_half() -> None:
        (seen,) = await world.service.rows(
            "SELECT (SELECT count(*) FROM account WHERE archived_at IS NOT NULL) AS archived, "
            "(SELECT sum(reverted) FROM import_run) AS reverted, "
            f"{ROWS} - (SELECT count(*) FROM account_external_id) AS freed, "
            "(SELECT count(*) FROM outbox WHERE type = 'customer.account.updated.v1') AS said"
        )
        assert len(set(totals([seen]).values())) == 1, seen

    assert await lives.work_through(is_half, 4) > 5
    back = await shown(world, run)
    assert (back["state"], back["reverted"], back["kept"]) == ("reverted", ROWS, 0)


async def test_an_import_of_payments(world: World, lives: Lives) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    order = await world.confirmed(account, external_id={"source": "shop", "id": "O1"})
    header = ["id", "account", "currency", "amount", "method", "received_on", "order"]
    lines = [[f"P{n}", "C-1", "CNY", f"0.{n + 10}", "cash", "2026-02-15", "O1"] for n in range(ROWS)]
    run = await sent(world, "payments", text_of(header, *lines))
    options = {"source": "shop", "account_source": "erp"}
    assert (await started(world, run, key="id", options=options)).status_code == 200

    async def is_whole() -> None:
        (seen,) = await world.service.rows(
            "SELECT (SELECT count(*) FROM payment) AS payments, (SELECT sum(done) FROM import_run) AS done, "
            "(SELECT count(*) FROM outbox WHERE type = 'customer.payment.received.v1') AS said"
        )
        assert len(set(totals([seen]).values())) == 1, seen
        (sums,) = await world.service.rows(
            "SELECT (SELECT sum(amount) FROM payment) AS amount, (SELECT paid FROM orders) AS paid, "
            "(SELECT sum(amount) FROM payment_allocation) AS allocated"
        )
        assert len(set(totals([sums]).values())) == 1, sums

    assert await lives.work_through(is_whole, 3) > 5
    assert counts(await shown(world, run)) == (ROWS, 0, 0, 0)
    assert (await world.order(order["id"]))["paid"] == sum(range(10, 10 + ROWS))


async def test_a_grading_run(world: World, lives: Lives) -> None:
    values = (500, 150, 100, 60, 11)
    await bought(world.service, [Bought(f"Firm {n}", DAY, value) for n, value in enumerate(values)])
    made = await start(world.service, as_of=DAY.isoformat())

    async def is_whole() -> None:
        (seen,) = await world.service.rows(
            "SELECT (SELECT count(*) FROM account WHERE grade IS NOT NULL) AS graded, "
            "(SELECT count(*) FROM grade_result) AS results, (SELECT count(*) FROM account_grade) AS entries, "
            "(SELECT sum(sample_size) FROM grading_run) AS sample, "
            "(SELECT sum(changed_accounts) FROM grading_run) AS changed, "
            "(SELECT count(DISTINCT subject) FROM outbox WHERE type = 'customer.grade.changed.v1') AS subjects, "
            "(SELECT count(*) FROM outbox WHERE type = 'customer.grade.changed.v1') AS said"
        )
        assert len(set(totals([seen]).values())) == 1, seen

    assert await lives.work_through(is_whole) > 5
    done = await read(world.service, made)
    assert (done["state"], done["sample_size"], done["dry_reason"]) == ("succeeded", len(values), None)
    said = {UUID(fact["account_id"]): fact["new"] for fact in await changes(world.service)}
    rows = await world.service.rows("SELECT id, grade FROM account")
    assert {row["id"]: row["grade"] for row in rows} == said


async def test_a_hand_over_of_many(world: World, lives: Lives) -> None:
    accounts = [await world.account(name=f"Firm {n}") for n in range(5)]
    order = await world.confirmed(accounts[0])
    answer = await world.service.post("/v1/accounts/transfers", {"from": str(REP_1), "to": str(REP_2)})
    job: dict[str, Any] = answer.json()

    async def is_whole() -> None:
        (seen,) = await world.service.rows(
            "SELECT (SELECT count(*) FROM account WHERE owner_id = $1) AS accounts, "
            "(SELECT count(*) FROM account_owner WHERE owner_id = $1) AS owners, "
            "(SELECT count(*) FROM account_owner WHERE transfer_id = $2) AS told, "
            "(SELECT count(*) FROM audit_log WHERE action = 'transfer') AS audited, "
            "(SELECT count(*) FROM outbox WHERE type = 'customer.account.updated.v1') AS said",
            REP_2,
            UUID(job["id"]),
        )
        assert len(set(totals([seen]).values())) == 1, seen
        behind = "SELECT FROM orders o JOIN account a ON a.id = o.account_id WHERE o.owner_id <> a.owner_id"
        assert await world.service.rows(behind) == []

    assert await lives.work_through(is_whole, 2) > 5
    found = (await world.service.get(f"/v1/accounts/transfers/{job['id']}")).json()
    assert (found["state"], found["result"]) == ("succeeded", {"accounts": 5, "orders": 1, "opportunities": 0})
    assert (await world.order(order["id"]))["credits"] == order["credits"]
