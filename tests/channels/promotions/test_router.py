"""Promotions: what may be written, who lets them count, what dates bring about."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kit import clock
from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.events_out import PromotionActivated, PromotionEnded
from services.channels.worker import DUES
from tests.channels.promotions.drafts import PROMOTION, a_group, drafted

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def state(service: ServiceHarness, path: str) -> str:
    return str((await service.get(path)).json()["state"])


async def turn(service: ServiceHarness) -> int:
    """Work what is due now; nothing may fail."""
    worked = await DueLoop(service.runtime, DUES).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    return worked


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Set what dates are compared with."""
    monkeypatch.setattr(clock, "now", lambda: moment)


async def test_whole_days_are_those_of_the_company(service: ServiceHarness) -> None:
    path = await drafted(service)
    found = (await service.get(path)).json()
    assert (found["starts_at"], found["ends_at"]) == ("2026-01-31T16:00:00Z", "2026-02-28T16:00:00Z")
    assert found["windows"] == [{"starts_at": found["starts_at"], "ends_at": found["ends_at"]}]


async def test_somebody_else_approves(service: ServiceHarness) -> None:
    own = await service.post("/v1/promotions", PROMOTION | await a_group(service) | {"code": "P-1"})
    refused = await service.post(f"/v1/promotions/{own.json()['id']}/approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "same-person")
    path = await drafted(service)
    answers = await asyncio.gather(*(service.post(f"{path}/approve") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert (await service.get(path)).json()["approved_by"] == "admin"


async def test_dates_bring_about_each_state_once(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    days = {"starts_on": "2030-02-01", "ends_on": "2030-02-28"}
    path = await drafted(service, windows=[days])
    await service.post(f"{path}/approve")
    assert (await turn(service), await state(service, path)) == (1, "scheduled")
    at(monkeypatch, datetime(2030, 1, 31, 23, 59, tzinfo=SHANGHAI))
    assert await turn(service) == 0
    at(monkeypatch, datetime(2030, 2, 1, tzinfo=SHANGHAI))
    assert (await turn(service), await turn(service)) == (1, 0)
    at(monkeypatch, datetime(2030, 3, 8, tzinfo=SHANGHAI))
    assert (await turn(service), await turn(service)) == (1, 0)
    facts = await service.published(PromotionActivated.TYPE, PromotionEnded.TYPE)
    told = [(fact.type, fact.payload["business_date"], fact.payload["state"]) for fact in facts]
    assert told == [
        (PromotionActivated.TYPE, "2030-02-01", "active"),
        (PromotionEnded.TYPE, "2030-03-01", "ended"),
    ], "said of the day on which it was, though a week late"


async def test_after_months_off_no_step_is_skipped(service: ServiceHarness) -> None:
    path = await drafted(service)
    await service.post(f"{path}/approve")
    assert (await turn(service), await state(service, path)) == (1, "ended")
    assert [fact.type for fact in await service.published(PromotionActivated.TYPE, PromotionEnded.TYPE)] == [
        PromotionActivated.TYPE,
        PromotionEnded.TYPE,
    ]


async def test_paused_resumed_ended(service: ServiceHarness) -> None:
    path = await drafted(service, windows=[{"starts_on": "2026-02-01"}])
    await service.post(f"{path}/approve")
    await turn(service)
    assert (await service.post(f"{path}/pause")).json()["state"] == "paused"
    assert await turn(service) == 0
    assert (await service.post(f"{path}/resume")).json()["state"] == "approved"
    assert (await turn(service), await state(service, path)) == (1, "active")
    assert (await service.post(f"{path}/end", {"honour": False})).json()["state"] == "ended"
    (fact,) = await service.published(PromotionEnded.TYPE)
    assert fact.payload["honour"] is False
    late = await service.patch(path, {"uses": 1}, (await service.get(path)).json()["version"])
    assert (late.status_code, late.json()["code"]) == (409, "promotion-state")


async def test_each_change_of_what_stands_raises_the_counter_once(service: ServiceHarness) -> None:
    path = await drafted(service)
    assert await service.rows("SELECT 1 FROM rule_set") == []
    await service.post(f"{path}/approve")
    version = (await service.get(path)).json()["version"]
    assert (await service.patch(path, {"budget_base": 1}, version)).status_code == 200
    assert (await service.patch(path, {"budget_base": 1}, version + 1)).status_code == 200
    assert [row["counter"] for row in await service.rows("SELECT counter FROM rule_set")] == [2]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"kind": "quantity"}, "promotion-invalid", "/reward/type"),
        ({"reward": {"type": "order_rate", "share": 1}}, "promotion-invalid", "/group_id"),
        ({"kind": "coupon"}, "promotion-invalid", "/needs_coupon"),
        ({"max_times": 2}, "promotion-invalid", "/max_times"),
        ({"group_id": str(new_id())}, "unknown-reference", "/group_id"),
        ({"products": {"skus": ["NONE"]}}, "unknown-reference", "/products/skus/0"),
        ({"products": {"product_lines": ["none"]}}, "unknown-reference", "/products/product_lines/0"),
        ({"audience": {"account_ids": [str(new_id())]}}, "unknown-reference", "/audience/account_ids/0"),
        ({"windows": [{"starts_on": "2026-02-02", "ends_on": "2026-02-01"}]}, "validity-invalid", "/windows/0"),
        ({"windows": []}, "invalid", "/windows"),
        ({"windows": [{"starts_on": "2026-02-02", "starts_at": "2026-02-02T00:00:00Z"}]}, "invalid", "/windows/0"),
        ({"reward": {"type": "line_rate", "share": 0}}, "invalid", "/reward/line_rate/share"),
        ({"reward": {"type": "line_amount", "amounts": {"XXX": 1}}}, "invalid", ""),
        ({"reward": {"type": "magic"}}, "invalid", "/reward"),
    ],
)
async def test_what_cannot_be_is_refused(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    body = PROMOTION | await a_group(service) | {"code": "P-1"} | changes
    answer = await service.post("/v1/promotions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert codes(answer.json())[0].startswith(pointer)


async def test_no_cap_where_each_line_takes_its_best(service: ServiceHarness) -> None:
    group = await a_group(service, code="BEST", per="line")
    answer = await service.post("/v1/promotions", PROMOTION | group | {"code": "P-1", "max_discount": {"USD": 5}})
    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert (answer.status_code, found) == (422, [("/max_discount", "cap-in-line-group")])
    wrong = await service.post("/v1/promotion-groups", {"code": "X", "name": "X", "phase": "set", "per": "line"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "group-invalid")


async def test_every_reward_is_kept_as_it_was_written(service: ServiceHarness) -> None:
    await service.post("/v1/products", {"sku": "A", "name": "A", "product_line": "goods"})
    rewards: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "line": [
            ("cash_off", {"type": "line_amount", "amounts": {"CNY": 5}}),
            ("member_price", {"type": "line_price", "prices": {"CNY": 0}}),
            (
                "quantity",
                {"type": "ladder", "rungs": [{"min_quantity": 2, "share": 5}, {"min_quantity": 3, "share": 9}]},
            ),
        ],
        "set": [
            ("bundle", {"type": "bundle", "needs": [{"sku": "A", "quantity": 2}], "prices": {"CNY": 5}}),
            ("nth_piece", {"type": "nth_piece", "pieces": 3, "reduced": 1, "share": 1_000_000}),
        ],
        "order": [
            ("prompt_payment", {"type": "order_rate", "share": 20_000, "spends": {"CNY": 1}}),
            ("spend", {"type": "spend_steps", "steps": {"CNY": [{"spend": 5, "amount": 1}]}}),
            ("spend", {"type": "spend_every", "steps": {"CNY": {"spend": 5, "amount": 1}}}),
        ],
        "gift": [("gift", {"type": "gift", "sku": "A", "quantity": 1, "spends": {"CNY": 1}})],
    }
    for phase, kinds in rewards.items():
        group = await a_group(service, code=f"G-{phase}", phase=phase)
        for kind, reward in kinds:
            path = await drafted(service, **group, kind=kind, reward=reward, payment_terms_max=10)
            assert (await service.get(path)).json()["reward"] == reward
            assert (await service.post(f"{path}/approve")).status_code == 200
    listed = (await service.get("/v1/promotions?kind=spend&state=approved")).json()["items"]
    assert [item["goal"] for item in listed] == ["sales", "sales"]


async def test_moments_are_kept_to_the_second(service: ServiceHarness) -> None:
    evening = {"starts_at": "2026-02-12T20:00:00+08:00", "ends_at": "2026-02-12T22:00:00+08:00"}
    found = (await service.get(await drafted(service, windows=[evening]))).json()
    assert datetime.fromisoformat(found["ends_at"]) == datetime(2026, 2, 12, 14, tzinfo=UTC)
    assert date.fromisoformat(found["created_at"][:10])
