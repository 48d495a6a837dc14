"""What a plan would give is, to the cent, what it gives."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.simulations import jobs
from services.channels.simulations import service as use_cases
from tests.channels.conflicts.found import confirmed, order
from tests.channels.conftest import Days, Order, partner, publish
from tests.channels.rebates.test_splits import a_split
from tests.channels.simulations.simulated import PATH, PLANS, Row, Sold, plan, simulated, start
from tests.channels.statements.stated import work_off

NETS = st.integers(0, 30_000)
LINES = st.lists(st.tuples(st.sampled_from(("rock", "jazz", None)), NETS), min_size=1, max_size=3)


def accounts_of(results: list[Row]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What a simulation finds, as accounts of the ledger have it; sums are those of the periods."""
    found = {}
    for one in results:
        for name in ("orders", "volume", "amount"):
            assert one[name] == sum(period[name] for period in one["periods"]), name
        for period in one["periods"]:
            values = (period[name] for name in ("period_end", "volume", "amount", "focus", "baseline"))
            found[one["partner_id"], period["period_start"]] = tuple(values)
    return found


async def ledger(service: ServiceHarness, kind: str, *partner_ids: UUID) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What the ledger has of a programme of a kind."""
    rows = await service.rows(
        "SELECT a.* FROM rebate_account a JOIN rebate_programme r ON r.id = a.programme_id "
        "WHERE r.kind = $1 AND a.partner_id = ANY($2::uuid[])",
        kind,
        list(partner_ids),
    )
    return {
        (str(row["partner_id"]), row["period_start"].isoformat()): (
            row["period_end"].isoformat(),
            row["position"],
            row["accrued"],
            row["focus"],
            row["baseline"],
        )
        for row in rows
    }


async def publish_all(service: ServiceHarness, *kinds: str) -> None:
    for kind in kinds or PLANS:
        await publish(service, name=kind, kind=kind, **PLANS[kind])


def story(data: st.DataObject, partner_id: UUID, year: int) -> list[Event]:
    """An order of a year, with what comes back of it."""
    day = date(year, data.draw(st.integers(1, 12)), data.draw(st.integers(1, 28)))
    sold = Sold(Order(partner_id, data.draw(LINES), day))
    events = [sold.order.confirmed()]
    for number, (_line, net) in enumerate(sold.order.lines, start=1):
        part = data.draw(st.integers(0, net))
        for back in (part, net - part)[: data.draw(st.integers(0, 2))]:
            events.append(sold.returned(number, back))
    return events


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_every_kind_comes_to_what_the_ledger_says(service: ServiceHarness, data: st.DataObject) -> None:
    """Orders and returns of any year, in any weave: positions, baselines and rebates of each partner and period."""
    if not await service.rows("SELECT id FROM rebate_programme"):
        await publish_all(service)
    own = [new_id(), new_id()]
    for partner_id in own:
        for _ in range(data.draw(st.integers(0, 2))):
            await service.deliver(*story(data, partner_id, 2025))
    stories = [story(data, data.draw(st.sampled_from(own)), 2026) for _ in range(data.draw(st.integers(1, 8)))]
    while stories:
        chosen = data.draw(st.sampled_from(stories))
        await service.deliver(chosen.pop(0))
        stories = [one for one in stories if one]
    assert await service.parked() == []
    asked = [await start(service, plan(kind) | {"partner_ids": []}) for kind in PLANS]
    await work_off(service)
    for kind, made in zip(PLANS, asked, strict=True):
        total = (await service.get(f"{PATH}/{made}")).json()
        results = (await service.get(f"{PATH}/{made}/results?limit=100")).json()["items"]
        everybody = [UUID(one["partner_id"]) for one in results]
        assert set(everybody) >= {UUID(key[0]) for key in (await ledger(service, kind, *own))}
        assert accounts_of(results) == await ledger(service, kind, *everybody), kind
        sums = [sum(one[name] for one in results) for name in ("orders", "volume", "amount")]
        assert [total["partners"], total["orders"], total["volume"], total["amount"]] == [len(results), *sums]


async def test_the_numbers_of_the_kinds(service: ServiceHarness) -> None:
    """Growth over 500,000.00 earns 1 % at 550,000.00, not a cent below; of a mix 25 % earn 1 % of all."""
    one, other = await partner(service), await partner(service, "P-2")
    before = Order(one, [("rock", 50_000_000)], date(2025, 5, 1))
    sold = [Order(one, [("rock", 54_999_999)]), Order(other, [("rock", 30_000_000), ("jazz", 70_000_000)])]
    await service.deliver(*(each.confirmed() for each in (before, *sold)))
    growth = plan("growth", one) | {"tiers": [{"start": 100_000, "rate": 10_000}], "basis": None}
    mix = plan("mix", other) | {"tiers": [{"start": 250_000, "rate": 10_000}]}
    assert (await simulated(service, growth))[0]["amount"] == 0
    assert (await simulated(service, mix))[0]["amount"] == 1_000_000
    await service.deliver(Order(one, [("rock", 1)]).confirmed())
    assert (await simulated(service, growth))[0]["amount"] == 550_000
    assert (await simulated(service, growth | {"basis": "growth"}))[0]["amount"] == 50_000
    entered = [{"partner_id": str(one), "amount": 55_000_000}]
    assert (await simulated(service, growth | {"baselines": entered}))[0]["amount"] == 0


async def test_only_days_and_partners_that_were_asked_for(service: ServiceHarness) -> None:
    first, second = await partner(service), await partner(service, "P-2")
    days = ("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01")
    orders = [Order(each, [("rock", 100)], date.fromisoformat(day)) for each in (first, second) for day in days]
    await service.deliver(*(each.confirmed() for each in orders), Order(None, [("rock", 7)]).confirmed())
    body = plan("flat", first) | {"valid_from": "2026-02-01", "valid_to": "2026-02-28"}
    found, results = await simulated(service, body)
    assert (found["partners"], found["orders"], found["volume"], found["amount"]) == (1, 2, 200, 4)
    ((result,), (period,)) = results, results[0]["periods"]
    assert (result["partner_id"], result["partner_code"], period["orders"]) == (str(first), "P-1", 2)
    assert (period["period_start"], period["period_end"]) == ("2026-01-01", "2026-12-31")
    assert (await simulated(service, body | {"partner_ids": []}))[0]["partners"] == 2
    assert await service.rows("SELECT id FROM rebate_account") == [], "nothing is accrued"
    empty, nobody = await simulated(service, body | {"partner_ids": [str(await partner(service, "P-3"))]})
    assert ((empty["partners"], empty["amount"]), nobody) == ((0, 0), [])


async def test_partners_share_orders_as_a_conflict_was_decided(service: ServiceHarness, days: Days) -> None:
    """As in the ledger; of an order that was confirmed before the decision nobody has a part but who sold it."""
    key, (first, second), conflict = await a_split(service, days)
    await publish_all(service, "marginal", "mix")
    sold = [Sold(order(first, key, on="2026-03-20", net=10_001)), Sold(order(None, key, on="2026-04-01", net=333))]
    alone = order(first, key, on="2026-07-01", net=55)
    await service.deliver(*(confirmed(one.order) for one in sold), confirmed(alone))
    await service.deliver(sold[0].returned(1, 5_001), sold[1].returned(1, 33), sold[0].returned(1, 17))
    for kind in ("marginal", "mix"):
        _found, results = await simulated(service, plan(kind) | {"valid_from": "2026-03-20"})
        assert accounts_of(results) == await ledger(service, kind, first, second), kind
        _found, (own,) = await simulated(service, plan(kind, second) | {"valid_from": "2026-03-20"})
        assert own["partner_id"] == str(second)
    async with service.transaction() as tx:
        await tx.execute("UPDATE conflict SET resolved_at = now() + interval '1 day' WHERE id = $1", conflict["id"])
    _found, (own,) = await simulated(service, plan("marginal") | {"valid_from": "2026-03-20"})
    assert (own["partner_id"], own["volume"]) == (str(first), 10_001 - 5_018 + 55)


async def test_a_job_that_was_cut_off_comes_to_the_same(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.deliver(Order(new_id(), [("rock", 10_000)]).confirmed())
    real, calls = use_cases.keep, [0]

    async def dies(*args: Any) -> Any:
        calls[0] += 1
        made = await real(*args)
        if calls[0] == 1:
            raise RuntimeError("killed")
        return made

    monkeypatch.setattr(jobs, "keep", dies)
    found, results = await simulated(service, plan("flat"))
    assert (calls[0], found["amount"], len(results)) == (2, 178, 1)


async def ended(service: ServiceHarness, made: str) -> tuple[Any, ...]:
    """State and failure of a simulation, the same alone as in the list."""
    one = (await service.get(f"{PATH}/{made}")).json()
    (listed,) = (await service.get(f"{PATH}?state={one['state']}")).json()["items"]
    assert listed == one
    return one["state"], one["failure"], one["amount"]


async def fails(*_args: Any) -> Any:
    raise RuntimeError("over and over")


async def test_a_simulation_whose_job_fails_says_so(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "simulate", fails)
    made = await start(service, plan("flat"))
    await work_off(service)
    assert await ended(service, made) == ("failed", "RuntimeError", None)
    assert (await service.get(f"{PATH}?state=calculating")).json()["items"] == []


async def test_a_simulation_whose_worker_is_killed_again_and_again_says_so(service: ServiceHarness) -> None:
    made = await start(service, plan("flat"))
    async with service.transaction() as tx:
        await tx.execute(
            "UPDATE job SET state = 'running', attempts = 5, started_at = now(), lease_owner = 'a killed one', "
            "lease_until = now() - interval '1 minute'"
        )
    assert await ended(service, made) == ("calculating", None, None)
    await work_off(service)
    assert await ended(service, made) == ("failed", "worker died in 5 attempts", None)


async def test_a_simulation_that_is_cancelled_says_so(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it waits, and while it is calculated: then nothing of it is kept."""
    made = await start(service, plan("flat"))
    assert (await service.post(f"/admin/jobs/{made}/cancel")).json() == {"state": "cancelled"}
    assert await ended(service, made) == ("cancelled", None, None)
    real, other = use_cases.simulate, await start(service, plan("lump"))

    async def cancelled_meanwhile(*args: Any) -> Any:
        assert (await service.post(f"/admin/jobs/{other}/cancel")).json() == {"state": "running"}
        return await real(*args)

    monkeypatch.setattr(jobs, "simulate", cancelled_meanwhile)
    await work_off(service)
    found = (await service.get(f"{PATH}/{other}")).json()
    assert (found["state"], found["partners"]) == ("cancelled", None)
    assert await service.rows("SELECT id FROM rebate_simulation_result") == []


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"tiers": []}, "invalid", "/tiers"),
        ({"tiers": [{"start": 5, "rate": 1}]}, "tier-plan-invalid", "/tiers/0/start"),
        ({"valid_to": "2025-12-31"}, "validity-invalid", "/valid_to"),
        ({"partner_ids": [str(new_id())]}, "unknown-reference", "/partner_ids/0"),
        ({"focus_lines": ["rock"]}, "terms-invalid", "/focus_lines"),
        ({"name": "Volume"}, "invalid", "/name"),
    ],
)
async def test_what_cannot_be_simulated_is_named(
    service: ServiceHarness, changes: Row, code: str, pointer: str
) -> None:
    answer = await service.post(PATH, plan("flat") | changes)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])


async def test_who_writes_programmes_simulates_them(service: ServiceHarness) -> None:
    manager, auditor = service.headers("manager", "channel_manager"), service.headers("auditor", "auditor")
    assert (await service.post(PATH, plan("flat"), headers=auditor)).status_code == 403
    made = await service.post(PATH, plan("flat"), headers=manager)
    assert made.status_code == 202, made.text
    path = f"{PATH}/{made.json()['id']}"
    for known in (path, f"{path}/results", PATH):
        assert (await service.get(known, headers=auditor)).status_code == 200
        assert (await service.get(known, headers=service.headers("rep", "sales_rep"))).status_code == 403
    assert (await service.get(f"{PATH}/{new_id()}/results")).status_code == 404
