"""What a revert takes back, what it leaves, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kit.due.loop import DueLoop
from services.customer.imports.dues import IMPORTS_DUE
from tests.customer.conftest import World, work_off
from tests.customer.imports.files import PATH, counts, imported, reverted, rows_of, sent, shown, started, text_of


async def pass_by(world: World, **time: int) -> None:
    """Let time pass for what is due."""
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE import_run SET due_at = due_at - $1::interval", timedelta(**time))
    await DueLoop(world.service.runtime, [IMPORTS_DUE]).turn()


HEADER = ["id", "name", "country", "tax_id", "tags", "employees"]
TAX_ID = "91110000600037341L"


async def test_what_was_created_is_taken_back_and_can_be_imported_anew(world: World) -> None:
    data = text_of(HEADER, ["1", "Quay", "CN", TAX_ID, "a;b", "5"], ["2", "Lantern", "CN", "", "", ""])
    run = await imported(world, "accounts", data, key="id", options={"source": "erp"})
    back = await reverted(world, run)
    assert (back["state"], back["reverted"], back["kept"]) == ("reverted", 2, 0)
    assert [row["is_reverted"] for row in await rows_of(world, run)] == [True, True]
    rows = await world.service.rows("SELECT archived_at, tax_id FROM account")
    assert all(row["archived_at"] is not None and row["tax_id"] is None for row in rows)
    assert await world.service.rows("SELECT FROM account_external_id") == []
    anew = await imported(world, "accounts", data, key="id", options={"source": "erp"})
    assert counts(anew) == (2, 0, 0, 0)
    states = [event.data for event in await world.service.published("customer.import.finished.v1")]
    assert [b'"state":"reverted"' in data for data in states] == [False, True, False]


async def test_what_was_changed_gets_its_old_values_unless_somebody_changed_it_since(world: World) -> None:
    first = await imported(
        world,
        "accounts",
        text_of(HEADER, ["1", "Old", "CN", "", "a", "5"], ["2", "Two", "CN", "", "x", "7"]),
        key="id",
        options={"source": "erp"},
    )
    second = await imported(
        world,
        "accounts",
        text_of(HEADER, ["1", "New", "CN", "", "b;c", "9"], ["2", "Three", "CN", "", "y", "8"]),
        key="id",
        options={"source": "erp"},
    )
    assert counts(second) == (0, 2, 0, 0)
    ids = [row["resource_id"] for row in await rows_of(world, first)]
    account = (await world.service.get(f"/v1/accounts/{ids[1]}")).json()
    edited = await world.service.patch(f"/v1/accounts/{ids[1]}", {"employees": 100}, account["version"])
    assert edited.status_code == 200
    back = await reverted(world, second)
    assert (back["reverted"], back["kept"]) == (1, 1)
    reasons = [(row["is_reverted"], row["kept_reason"]) for row in await rows_of(world, second)]
    assert reasons == [(True, None), (False, "edited-later")]
    seen = [(await world.service.get(f"/v1/accounts/{one}")).json() for one in ids]
    assert [(one["name"], one["tags"], one["employees"]) for one in seen] == [("Old", ["a"], 5), ("Two", ["x"], 100)]
    left = await reverted(world, first)
    assert (left["reverted"], left["kept"]) == (0, 2), "they were edited since they were created"


async def test_an_account_with_children_stays(world: World) -> None:
    data = text_of(["id", "name", "country"], *[[str(n), f"Quay {n}", "CN"] for n in range(4)])
    run = await imported(world, "accounts", data, key="id", options={"source": "erp"})
    accounts = [row["resource_id"] for row in await rows_of(world, run)]
    order = await world.draft({"id": accounts[0]})
    contacts = text_of(["id", "account", "name"], ["K-1", "1", "Zhang Wei"])
    people = await imported(world, "contacts", contacts, key="id", options={"source": "erp"})
    await reverted(world, people)
    cancelled = await world.draft({"id": accounts[2]}, external_id={"source": "x", "id": "1"})
    await world.service.post(f"/v1/orders/{cancelled['id']}/cancel", {"reason": "x"})
    back = await reverted(world, run)
    assert (back["reverted"], back["kept"]) == (3, 1)
    found = await rows_of(world, run, "kept_reason[null]=false")
    assert [(row["resource_id"], row["kept_reason"]) for row in found] == [(accounts[0], "later-children")]
    await world.service.post(f"/v1/orders/{order['id']}/cancel", {"reason": "x"})
    assert (await world.service.post(f"{PATH}/{run['id']}/revert")).json()["code"] == "import-state"


async def test_after_seven_days_the_file_and_what_was_kept_of_it_are_gone(world: World) -> None:
    data = text_of(["id", "name", "country"], ["1", "Quay", "C"])
    run = await imported(world, "accounts", data, key="id")
    idle = await sent(world, "accounts", data)
    await pass_by(world, days=6)
    assert len(await world.service.rows("SELECT FROM import_chunk")) == 2
    await pass_by(world, days=1)
    assert await world.service.rows("SELECT FROM import_chunk") == []
    assert (await shown(world, run))["purged_at"] is not None
    assert (await shown(world, idle))["state"] == "cancelled"
    assert (await world.service.get(f"{PATH}/{run['id']}/errors")).json()["code"] == "import-purged"
    assert (await rows_of(world, run))[0]["problems"] == []
    assert (await rows_of(world, run))[0]["codes"] == ["string-too-short"]
    assert (await world.service.post(f"{PATH}/{run['id']}/revert")).json()["code"] == "import-purged"


async def test_a_job_that_was_given_up_takes_its_import_along(world: World) -> None:
    run = await sent(world, "accounts", text_of(["name"], ["x"]))
    assert (await started(world, run)).status_code == 200
    await pass_by(world, minutes=3)
    assert (await shown(world, run))["state"] == "running"
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE job SET state = 'failed', finished_at = now()")
    await pass_by(world, minutes=3)
    failed = await shown(world, run)
    assert (failed["state"], failed["problem"]) == ("failed", "import-job-failed")
    await work_off(world.service)


async def test_nothing_personal_stands_in_clear(world: World) -> None:
    account = await world.account(external_ids={"erp": "1"})
    rows = [["1", "zhang.wei@harbour.example", "13812345678"], ["9", "bad@harbour.example", "13912345678"]]
    data = text_of(
        ["id", "account", "name", "email", "phone"],
        *[[f"K{n}", one[0], "Zhang", *one[1:]] for n, one in enumerate(rows)],
    )
    body: dict[str, Any] = {"key": "id", "options": {"source": "erp"}}
    run = await imported(world, "contacts", data, **body)
    assert counts(run) == (1, 0, 0, 1)
    assert counts(await imported(world, "contacts", data.replace("13812345678", "13812345679"), **body)) == (0, 1, 0, 1)
    everything = ""
    for table in ("import_run", "import_chunk", "import_row", "job", "audit_log", "outbox"):
        everything += "".join(str(row) for row in await world.service.rows(f"SELECT t::text AS t FROM {table} t"))
    for value in ("zhang.wei", "bad@harbour", "1381234567", "1391234567"):
        assert value not in everything
        assert value.encode().hex() not in everything
    assert account["id"] in everything
