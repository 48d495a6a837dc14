"""Partners by code, many at once."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.testing.service import ServiceHarness, codes
from tests.channels.partners.identified import BANK, PATH, USCC, body, made, uscc


async def sent(service: ServiceHarness, *rows: dict[str, Any]) -> dict[str, Any]:
    answer = await service.post(f"{PATH}/batch", {"rows": list(rows)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def statuses(answer: dict[str, Any]) -> list[str]:
    return [row["problem"]["code"] if row["problem"] else row["status"] for row in answer["results"]]


async def test_each_row_has_its_result(service: ServiceHarness) -> None:
    one = await made(service, country="CN", tax_id=USCC, bank=BANK, local_name="蓝港")
    answer = await sent(
        service,
        body("p-1"),  # the code in another case; what is not given stays
        body("P-2", country="CN", tax_id=uscc(2)),
        body("P-2"),
        body("P-3", country="CN", tax_id=f"91-{USCC[2:]}"),
        body("P-4", country="CN", tax_id=uscc(2).lower()),
        {"code": "P-5"},
    )
    assert statuses(answer) == [
        "unchanged", "created", "row-repeated", "duplicate-partner", "duplicate-partner", "invalid",
    ]  # fmt: skip
    counts = {name: answer[name] for name in ("created", "updated", "unchanged", "problems")}
    assert counts == {"created": 1, "updated": 0, "unchanged": 1, "problems": 4}
    problems = [row["problem"] for row in answer["results"]]
    assert codes(problems[3]) == ["/rows/3/tax_id"]
    assert [problems[3]["conflicting_id"], problems[4]["conflicting_id"]] == [one["id"], answer["results"][1]["id"]]
    assert len(await service.published()) == 2


async def test_a_row_changes_what_it_gives(service: ServiceHarness) -> None:
    one = await made(service, country="CN", tax_id=USCC, bank=BANK, regions=["CN-SH"])
    answer = await sent(service, body("P-1", name="Harbour", tax_id=uscc(3), bank=None))
    assert statuses(answer) == ["updated"]
    now = (await service.get(f"{PATH}/{one['id']}")).json()
    assert (now["name"], now["tax_id"], now["bank"], now["regions"], now["version"]) == (
        "Harbour", uscc(3), None, ["CN-SH"], 2,
    )  # fmt: skip
    assert [f.payload["changed"] for f in await service.published()][1] == ["name", "tax_id", "bank"]
    assert statuses(await sent(service, body("P-1", name="Harbour", tax_id=uscc(3), bank=None))) == ["unchanged"]


async def test_a_tax_id_that_a_row_gives_up_is_taken_by_the_next_batch(service: ServiceHarness) -> None:
    await made(service, country="CN", tax_id=USCC)
    rows = [body("P-1", tax_id=None), body("P-2", country="CN", tax_id=USCC)]
    assert statuses(await sent(service, *rows)) == ["updated", "duplicate-partner"]
    assert statuses(await sent(service, *rows)) == ["unchanged", "created"]


async def test_a_terminated_partner_takes_no_changes(service: ServiceHarness) -> None:
    path = f"{PATH}/{(await made(service))['id']}"
    await service.post(f"{path}/activate")
    ended = await service.post(f"{path}/terminate", {"reason": "contract_ended"})
    assert ended.status_code == 200, ended.text
    assert statuses(await sent(service, body("P-1"), body("P-2"))) == ["unchanged", "created"]
    assert statuses(await sent(service, body("P-1", name="Other"))) == ["partner-state"]


async def test_batches_of_the_same_rows_at_once_make_each_once(service: ServiceHarness) -> None:
    rows = [body(f"P-{number}", country="CN", tax_id=uscc(number), bank=BANK) for number in range(20)]
    backwards = [{**row, "code": row["code"].lower()} for row in reversed(rows)]
    answers = await asyncio.gather(*(sent(service, *(backwards if n % 2 else rows)) for n in range(6)))
    counted = [answer[name] for answer in answers for name in ("created", "unchanged", "problems")]
    assert sorted(answer["created"] for answer in answers) == [0, 0, 0, 0, 0, 20], counted
    assert sum(answer["unchanged"] for answer in answers) == 100, counted
    assert len(await service.published()) == 20


async def test_who_may_not_write_sends_none(service: ServiceHarness) -> None:
    for role in ("sales_rep", "sales_manager", "auditor"):
        answer = await service.post(f"{PATH}/batch", {"rows": [body("P-1")]}, headers=service.headers("x", role))
        assert answer.status_code == 403
