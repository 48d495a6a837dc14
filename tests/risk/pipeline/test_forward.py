"""What an account may owe by a day."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Days, Order, draft_policy, open_account, seller
from tests.risk.pipeline.chances import KINDS, Chance
from tests.risk.redirects.test_decisions import redirect

DAY = date(2026, 6, 30)


async def forward(service: ServiceHarness, account_id: UUID, query: str = "") -> dict[str, Any]:
    answer = await service.get(f"/v1/exposures/{account_id}/forward{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def figures(found: dict[str, Any]) -> tuple[int, int, int, int, int]:
    names = ("use", "gross", "weighted", "forward_gross", "forward_weighted")
    use, gross, weighted, forward_gross, forward_weighted = (int(found[name]) for name in names)
    return use, gross, weighted, forward_gross, forward_weighted


async def test_use_and_what_is_expected_by_then(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account = await open_account(service, 5_000)
    assert figures(await forward(service, account)) == (0, 0, 0, 0, 0), "it has never asked for credit"
    chances = [
        Chance(account, 1_000, "commit", "2026-09-28"),
        Chance(account, 2_000, "best_case", "2026-01-05"),
        Chance(account, 4_000, "pipeline"),
        Chance(account, 8_000, "omitted"),
        Chance(account, 16_000, "commit", "2026-09-29"),
        Chance(account, 32_000, "commit", None),
        Chance(await open_account(service, 1), 64_000),
    ]
    await service.deliver(Order(account, 600).placed(), *(one.event() for one in chances))
    found = await forward(service, account)
    assert figures(found) == (600, 15_000, 2_700, 15_600, 3_300)
    assert (found["as_of"], found["horizon_days"], found["until"]) == ("2026-06-30", 90, "2026-09-28")
    assert (found["credit_limit"], found["policy_version"], found["undated"]) == (5_000, 1, 1)
    assert [
        (one["forecast_category"], one["opportunities"], one["gross"], one["share"]) for one in found["categories"]
    ] == [
        ("commit", 1, 1_000, 900_000),
        ("best_case", 1, 2_000, 500_000),
        ("pipeline", 1, 4_000, 200_000),
        ("omitted", 1, 8_000, 0),
    ]
    assert figures(await forward(service, account, "?horizon_days=91"))[1] == 31_000
    assert figures(await forward(service, account, "?horizon_days=0"))[1] == 2_000


async def test_what_is_closed_counts_no_more_until_it_is_opened_again(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account = await open_account(service, 5_000)
    one = Chance(account, 1_000)
    for step, gross in (("opened", 1_000), ("won", 0), ("reopened", 1_000), ("lost", 0), ("reopened", 1_000)):
        await service.deliver(one.event(step))
        assert (await forward(service, account))["gross"] == gross, step
    await service.deliver(Order(account, 100).placed())
    one.amount, one.category = 500, "pipeline"
    await service.deliver(one.event("updated"))
    assert figures(await forward(service, account)) == (100, 500, 100, 600, 200)


async def test_accounts_that_are_one_and_that_are_not_any_more(service: ServiceHarness, days: Days) -> None:
    """The events of an opportunity of a merged account have another key from then on; the last version counts."""
    days.on(DAY)
    root, member = await open_account(service, 9_000), await open_account(service, 100)
    own, other = Chance(root, 1_000), Chance(member, 2_000)
    await service.deliver(Order(root, 500).placed(), Order(member, 70).placed(), own.event())
    first = other.event()
    other.amount = 3_000
    later = other.event("updated", key=root)
    merge_id = new_id()
    await service.deliver(*redirect(root, member, merge_id))
    await service.deliver(later)
    await service.deliver(first)
    for account in (root, member):
        found = await forward(service, account)
        assert figures(found) == (570, 4_000, 3_600, 4_570, 4_170)
        assert (found["account_id"], found["filed_account_id"]) == (str(root), str(account))
        assert found["credit_limit"] == 9_000
    await service.deliver(*redirect(root, member, merge_id, ends=True, at=1))
    assert figures(await forward(service, root)) == (500, 1_000, 900, 1_500, 1_400)
    assert figures(await forward(service, member)) == (70, 3_000, 2_700, 3_070, 2_770)


async def test_the_policy_of_the_day_weighs(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    account = await open_account(service, 5_000)
    await service.deliver(Chance(account, 1_000, closes="2026-07-10").event())
    body = {"horizon_days": 9, "commit": 333_333, "best_case": 0, "pipeline": 0, "omitted": 0}
    made = await draft_policy(service, body=body)
    path = f"/v1/risk-policies/{made['id']}"
    assert (await service.post(f"{path}/approve")).status_code == 200
    assert (await service.post(f"{path}/activate", {"effective_from": "2026-07-01"})).status_code == 200
    assert figures(await forward(service, account))[:3] == (0, 1_000, 900)
    days.on(date(2026, 7, 1))
    found = await forward(service, account)
    assert (found["policy_version"], found["horizon_days"]) == (2, 9)
    assert figures(found)[:3] == (0, 1_000, 333)


async def test_a_credit_balance_is_no_use_and_who_sees_it(service: ServiceHarness, days: Days) -> None:
    days.on(DAY)
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    mine, others = await open_account(service, 10, owner_id=member), await open_account(service, 10)
    order = Order(mine, 5)
    await service.deliver(order.placed(), order.confirmed())
    await service.deliver(order.returned(5), order.returned(3), Chance(mine, 7).event())
    rep = service.headers("rep-1", "sales_rep")
    assert figures(await forward(service, mine))[0] == 0
    assert (await service.get(f"/v1/exposures/{mine}/forward", headers=rep)).json()["gross"] == 7
    for hidden in (others, new_id()):
        answer = await service.get(f"/v1/exposures/{hidden}/forward", headers=rep)
        assert (answer.status_code, answer.json()["code"]) == (404, "exposure-not-found")
    for wrong in ("-1", "3661", "x", "9" * 30):
        answer = await service.get(f"/v1/exposures/{mine}/forward?horizon_days={wrong}")
        assert answer.status_code == 400, wrong
        assert "horizon_days" in answer.text


@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_any_order_and_again_comes_to_the_latest_version(service: ServiceHarness, data: st.DataObject) -> None:
    account = new_id()
    one = Chance(account, 0)
    events = []
    for _ in range(data.draw(st.integers(1, 5))):
        one.amount = data.draw(st.integers(0, 9))
        events.append(one.event(data.draw(st.sampled_from(sorted(KINDS)))))
    last = events[-1].payload
    for event in data.draw(st.permutations([*events, *events])):
        await service.deliver(event)
    (row,) = await service.rows("SELECT * FROM pipeline_opportunity WHERE id = $1", one.id)
    assert (row["version"], row["amount"], row["forecast_category"]) == (
        last["version"],
        last["amount_base"],
        last["forecast_category"],
    )
