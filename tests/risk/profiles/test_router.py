"""Credit profiles: made with the account, changed by an officer, in batches too."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.settings import Settings
from tests.risk.conftest import Order, account_created, balance, open_account


async def test_a_new_account_has_the_policys_limit(service: ServiceHarness) -> None:
    account_id = new_id()
    created = account_created(account_id)
    await service.deliver(created, created)
    answer = await service.get(f"/v1/credit-profiles/{account_id}")
    body = answer.json()
    policy = Settings.model_fields["default_credit_limit"].default
    assert (body["credit_limit"], body["headroom"], body["version"]) == (policy, policy, 1)
    assert body["name"] == "Blue Harbour Trading"
    assert answer.headers["etag"] == '"1"'
    assert await service.published() == []


async def test_a_limit_is_changed_under_its_version(service: ServiceHarness) -> None:
    account_id = await open_account(service, 700)
    path = f"/v1/credit-profiles/{account_id}"
    change = {"credit_limit": 900, "reason": "review"}
    assert (await service.patch(path, change, 1)).status_code == 412
    assert (await service.request("PATCH", path, change)).status_code == 428
    both = await asyncio.gather(*(service.patch(path, {**change, "credit_limit": n}, 2) for n in (800, 900)))
    assert sorted(answer.status_code for answer in both) == [200, 412]
    assert (await service.get(path)).json()["version"] == 3
    assert (await service.patch(f"/v1/credit-profiles/{new_id()}", change, 1)).status_code == 404
    for role in ("sales_director", "auditor"):
        assert (await service.patch(path, change, 3, headers=service.headers("x", role))).status_code == 403
    audited = await service.rows("SELECT before, after, reason FROM audit_log WHERE reason = 'review'")
    assert len(audited) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"credit_limit": -1, "reason": "x"}, "/credit_limit"),
        ({"credit_limit": 10**30, "reason": "x"}, "/credit_limit"),
        ({"credit_limit": "5", "reason": "x"}, "/credit_limit"),
        ({"credit_limit": 5}, "/reason"),
        ({"credit_limit": 5, "reason": "\u0000"}, "/reason"),
        ({"credit_limit": 5, "reason": "x", "hold": True}, "/hold"),
    ],
)
async def test_a_malformed_limit_names_its_field(service: ServiceHarness, body: dict[str, Any], pointer: str) -> None:
    answer = await service.patch(f"/v1/credit-profiles/{new_id()}", body, 1)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_a_batch_answers_row_by_row(service: ServiceHarness) -> None:
    first, second, third = [await open_account(service, 700) for _ in range(3)]
    rows = [
        {"account_id": str(first), "credit_limit": 800},
        {"account_id": str(new_id()), "credit_limit": 800},
        {"account_id": str(second), "credit_limit": -1},
        {"account_id": str(third), "credit_limit": 700},
        {"account_id": str(first), "credit_limit": 900},
    ]
    answer = (await service.post("/v1/credit-profiles/batch", {"rows": rows})).json()
    assert [row["status"] for row in answer["results"]] == ["updated", "problem", "problem", "unchanged", "problem"]
    assert [row["problem"]["code"] for row in answer["results"] if row["problem"]] == [
        "unknown-reference",
        "invalid",
        "row-repeated",
    ]
    assert answer["results"][1]["problem"]["retryable"] is True
    assert codes(answer["results"][2]["problem"]) == ["/rows/2/credit_limit"]
    profile = (await service.get(f"/v1/credit-profiles/{first}")).json()
    assert (profile["credit_limit"], profile["version"]) == (800, 3)
    forbidden = await service.post("/v1/credit-profiles/batch", {"rows": rows}, headers=service.headers("x", "auditor"))
    assert forbidden.status_code == 403


async def test_a_lower_limit_binds_the_next_order(service: ServiceHarness) -> None:
    account_id = await open_account(service, 700)
    first, second = Order(account_id, 500), Order(account_id, 100)
    await service.deliver(first.placed())
    rows = [{"account_id": str(account_id), "credit_limit": 400}]
    assert (await service.post("/v1/credit-profiles/batch", {"rows": rows})).json()["updated"] == 1
    await service.deliver(second.placed())
    assert await balance(service, account_id) == 500
    profile = (await service.get(f"/v1/credit-profiles/{account_id}")).json()
    assert (profile["use"], profile["headroom"]) == (500, 0)
