"""What is owed to a partner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Order, open_account, partner_activated
from tests.risk.payables.rebates import accrued, adjusted, approved, paid_rebate


async def profile(service: ServiceHarness, partner_id: UUID) -> dict[str, Any]:
    answer = await service.get(f"/v1/credit-profiles/{partner_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def owed(service: ServiceHarness, partner_id: UUID) -> Any:
    return (await profile(service, partner_id))["payable"]


async def test_what_is_accrued_and_not_paid(service: ServiceHarness) -> None:
    one, other = new_id(), new_id()
    await service.deliver(accrued(one, 500))
    await service.deliver(partner_activated(one), partner_activated(other))
    assert (await owed(service, one), await owed(service, other)) == (500, 0), "rebates may come before the partner"
    for fact, left in (
        (accrued(one, 300), 800),
        (accrued(one, -50), 750),
        (approved(one, 600), 750),
        (paid_rebate(one, 600, carried=150), 150),
        (adjusted(one, -200), -50),
        (adjusted(one, 60), 10),
    ):
        await service.deliver(fact)
        assert await owed(service, one) == left, fact.type
    again = accrued(one, 1_000)
    await service.deliver(again, again)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(again)
    assert (await owed(service, one), await owed(service, other)) == (1_010, 0)
    listed = (await service.get("/v1/credit-profiles?payable[gt]=0")).json()["items"]
    assert [item["id"] for item in listed] == [str(one)]


async def test_it_is_never_offset(service: ServiceHarness) -> None:
    partner, account = new_id(), await open_account(service, 10_000)
    await service.deliver(partner_activated(partner), accrued(partner, 900))
    answer = await service.patch(f"/v1/credit-profiles/{partner}", {"credit_limit": 1_000, "reason": "test"}, 1)
    assert answer.status_code == 200, answer.text
    first, second = Order(account, 1_000), Order(account, 1)
    await service.deliver(first.placed(partner_id=partner))
    await service.deliver(second.placed(partner_id=partner))
    found = await profile(service, partner)
    assert (found["use"], found["headroom"], found["payable"]) == (1_000, 0, 900)
    refused = (await service.get(f"/v1/credit-decisions?order_id={second.id}")).json()["items"]
    assert [one["cause"] for one in refused] == ["partner_limit_exceeded"]
    assert (await profile(service, account))["payable"] is None


async def test_it_is_not_known_while_it_is_filled(service: ServiceHarness) -> None:
    partner = new_id()
    await service.deliver(partner_activated(partner), accrued(partner, 900))
    async with service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('payable', 1, 'building')")
    assert await owed(service, partner) is None


@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_any_weave_comes_to_the_sum(service: ServiceHarness, data: st.DataObject) -> None:
    partners = [new_id(), new_id()]
    await service.deliver(*map(partner_activated, partners))
    kinds: dict[Callable[[UUID, int], Event], int] = {accrued: 1, adjusted: 1, paid_rebate: -1}
    events, sums = [], dict.fromkeys(partners, 0)
    for _ in range(data.draw(st.integers(0, 8))):
        kind, partner = data.draw(st.sampled_from(list(kinds))), data.draw(st.sampled_from(partners))
        amount = data.draw(st.integers(0, 10**12) if kind is paid_rebate else st.integers(-(10**12), 10**12))
        events.append(kind(partner, amount))
        sums[partner] += kinds[kind] * amount
    shuffled = data.draw(st.permutations(events))
    cut = data.draw(st.integers(0, len(events)))
    await service.deliver(*shuffled[:cut])
    await service.deliver(*shuffled[cut:], *shuffled[:cut])
    assert {partner: await owed(service, partner) for partner in partners} == sums
