"""RFM runs, compared with a plain count over the CDNOW sample; ties, windows, returns, scope, kills, migrations."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from cli.load.cdnow import read, sample_path
from kit.clock import business_date
from kit.db.database import Tx
from kit.ids import derived_id
from kit.jobs.context import JobContext
from kit.testing.service import ServiceHarness, codes
from services.customer.rfm.rules import rfm_segment
from tests.customer.conftest import OTHER_REP, REP_1, World, work_off

Bought = tuple[str, date, int]
"""Name of an account, day, net."""
DAY = date(2026, 1, 31)
_ACCOUNTS = """
INSERT INTO account (id, stream_key, kind, name, tags, owner_id)
SELECT id, id, 'person', name, '{}', owner FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k(id, name, owner)
"""
_ORDERS = """
INSERT INTO orders (id, number, stream_key, account_id, state, placement, order_date, payment_terms_days, currency,
  base_currency, exchange_rate, net, tax, gross, net_base, tax_base, gross_base, paid, paid_base, content_hash)
SELECT id, id::text, account, account, 'confirmed', 1, day, 30, 'USD', 'USD', '1', net, 0, net, net, 0, net, 0, 0, ''
FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[]) AS k(id, account, day, net)
"""


def account_id(name: str) -> UUID:
    return derived_id("rfm", name)


async def bought(service: ServiceHarness, rows: Sequence[Bought], owners: Mapping[str, UUID] | None = None) -> None:
    """Confirmed orders of accounts, as they stand."""
    names = sorted({name for name, *_ in rows})
    async with service.transaction() as tx:
        owner = [(owners or {}).get(name, REP_1) for name in names]
        await tx.execute(_ACCOUNTS, [account_id(name) for name in names], names, owner)
        await tx.execute(
            _ORDERS,
            [derived_id("order", number) for number in range(len(rows))],
            [account_id(name) for name, *_ in rows],
            [day for _, day, _ in rows],
            [net for *_, net in rows],
        )
        await tx.execute("ANALYZE account, orders")


async def run(service: ServiceHarness, **body: Any) -> dict[str, Any]:
    """A run that has finished."""
    answer = await service.post("/v1/rfm-runs", body)
    assert (answer.status_code, answer.json()["state"], answer.json()["sample_size"]) == (202, "queued", None)
    await work_off(service)
    found: dict[str, Any] = (await service.get(answer.headers["Location"])).json()
    assert (found["state"], found["finished_at"] is None) == ("succeeded", False), found
    return found


async def results(service: ServiceHarness, made: dict[str, Any]) -> dict[UUID, dict[str, Any]]:
    rows = await service.rows("SELECT * FROM rfm_score WHERE run_id = $1", UUID(made["id"]))
    return {row["account_id"]: row for row in rows}


def expected(rows: Sequence[Bought], as_of: date, days: int | None) -> dict[UUID, tuple[int, ...]]:
    """Recency, frequency, money and their scores, by counting who is strictly worse in sorted lists."""
    orders: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for name, day, net in rows:
        if day <= as_of and (days is None or (as_of - day).days < days):
            orders[name].append((day, net))
    values = {
        name: ((as_of - max(found)[0]).days, len({day for day, _ in found}), sum(net for _, net in found))
        for name, found in orders.items()
    }
    recency, frequency, money = (sorted(column) for column in zip(*values.values(), strict=True))
    n = len(values)
    return {
        account_id(name): (
            r, f, m,
            1 + 5 * (n - bisect_right(recency, r)) // n, 1 + 5 * bisect_left(frequency, f) // n,
            1 + 5 * bisect_left(money, m) // n,
        )
        for name, (r, f, m) in values.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def sample() -> list[Bought]:
    return [(one.customer, one.day, one.cents) for one in read(sample_path())]


@pytest.mark.parametrize(("as_of", "days"), [(date(1998, 6, 30), None), (date(1997, 12, 31), 180)])
async def test_the_sample_equals_a_plain_count(
    service: ServiceHarness, sample: list[Bought], as_of: date, days: int | None
) -> None:
    await bought(service, sample)
    made = await run(service, as_of=as_of.isoformat(), days=days)
    right = expected(sample, as_of, days)
    found = {
        key: (row["recency_days"], row["frequency"], row["monetary_base"], row["r"], row["f"], row["m"])
        for key, row in (await results(service, made)).items()
    }
    assert found == right
    assert made["sample_size"] == len(right)
    assert len(right) == 2357 or days is not None
    segments = Counter(rfm_segment(r, f) for *_, r, f, _ in right.values())
    answer = (await service.get(f"/v1/rfm-runs/{made['id']}/segments")).json()
    assert {one["segment"]: one["accounts"] for one in answer["items"]} == segments
    assert sum(one["monetary_base"] for one in answer["items"]) == sum(row[2] for row in right.values())
    assert answer["sample_size"] == len(right)


async def test_equal_buyers_have_equal_scores(service: ServiceHarness) -> None:
    names = [f"n{number}" for number in range(12)]
    await bought(service, [(name, DAY, 100 if name != "n3" else 900) for name in names])
    found = await results(service, await run(service, as_of="2026-02-28"))
    assert {(row["r"], row["f"]) for row in found.values()} == {(1, 1)}, "nobody is strictly worse than anybody"
    assert {row["segment"] for row in found.values()} == {"lost"}
    assert found[account_id("n3")]["m"] == 1 + 5 * 11 // 12


async def test_under_five_accounts_nothing_is_ranked(service: ServiceHarness) -> None:
    await bought(service, [(name, DAY, 100) for name in "abcd"])
    made = await run(service, as_of="2026-02-28")
    assert made["insufficient_data"] == {"reason": "accounts", "have": 4, "need": 5}
    assert (made["sample_size"], await results(service, made)) == (4, {})
    assert (await service.get(f"/v1/rfm-runs/{made['id']}/segments")).json()["items"] == []
    made = await run(service, as_of="2026-01-30")
    assert made["insufficient_data"]["have"] == 0


async def test_the_window_has_both_its_ends(service: ServiceHarness) -> None:
    first = DAY - timedelta(days=9)
    rows = [(name, DAY, 1) for name in "abcdef"] + [("a", first, 10), ("b", first - timedelta(days=1), 100)]
    await bought(service, [*rows, ("c", DAY + timedelta(days=1), 1000)])
    found = await results(service, await run(service, as_of=DAY.isoformat(), days=10))
    assert [found[account_id(name)]["frequency"] for name in "abc"] == [2, 1, 1]
    assert [found[account_id(name)]["monetary_base"] for name in "abc"] == [11, 1, 1]


async def test_returns_count_from_their_day_and_archived_or_unconfirmed_never(world: World) -> None:
    service = world.service
    await bought(service, [(name, DAY, 100) for name in "abcde"])
    account = await world.account(name="Returner")
    order = await world.confirmed(account, currency="USD")
    body = {"lines": [{"line_no": 1, "quantity": 3}], "return_date": "2026-03-10"}
    answer = await service.post(f"/v1/orders/{order['id']}/returns", body)
    assert answer.status_code == 201, answer.text
    await world.placed(account, currency="USD", order_date="2026-03-01")
    archived = await world.account(name="Gone")
    await world.confirmed(archived, currency="USD")
    await service.post(f"/v1/accounts/{archived['id']}/archive")
    eve, day = [await results(service, await run(service, as_of=f"2026-03-{day:02}")) for day in (9, 10)]
    mine = UUID(account["id"])
    assert eve[mine]["monetary_base"] == order["net_base"] == 4553
    assert day[mine]["monetary_base"] == 1554
    assert (day[mine]["frequency"], day[mine]["recency_days"]) == (1, (date(2026, 3, 10) - date(2026, 2, 14)).days)
    assert UUID(archived["id"]) not in day
    assert len(day) == 6


async def test_a_kill_leaves_no_half_run_and_a_second_does_nothing(
    service: ServiceHarness, sample: list[Bought], monkeypatch: pytest.MonkeyPatch
) -> None:
    await bought(service, sample[:500])
    dead: list[UUID] = []

    async def die(self: Any, _state: object, _tx: Tx | None = None) -> None:
        if not dead:
            dead.append(self.id)
            raise RuntimeError("killed")
        await whole(self, _state, _tx)

    whole = JobContext.checkpoint
    monkeypatch.setattr(JobContext, "checkpoint", die)
    made = await run(service, as_of="1998-06-30")
    assert dead == [UUID(made["id"])], "the first attempt failed after its work"
    found = await results(service, made)
    assert len(found) == made["sample_size"] == len({name for name, *_ in sample[:500]})
    async with service.transaction() as tx:
        await tx.execute("UPDATE job SET state = 'queued', finished_at = NULL, attempts = 0 WHERE id = $1", dead[0])
    await work_off(service)
    assert await results(service, made) == found


async def test_migrations_of_two_days(service: ServiceHarness, sample: list[Bought]) -> None:
    await bought(service, sample)
    days = ("1997-12-31", "1998-06-30")
    runs = [await run(service, as_of=day) for day in days]
    await run(service, as_of=days[0], days=30)
    answer = await service.get(f"/v1/rfm-migrations?from={days[0]}&to={days[1]}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["from_run_id"], body["to_run_id"]) == (runs[0]["id"], runs[1]["id"])
    names = [
        {key: str(rfm_segment(r, f)) for key, (*_, r, f, _) in expected(sample, date.fromisoformat(day), None).items()}
        for day in days
    ]
    right = Counter((names[0].get(key), names[1].get(key)) for key in names[0].keys() | names[1].keys())
    assert {(one["before"], one["after"]): one["accounts"] for one in body["items"]} == right
    assert body["unchanged"] == sum(count for (before, after), count in right.items() if before == after)
    assert body["sample_size"] == 2357
    missing = await service.get(f"/v1/rfm-migrations?from=1997-01-01&to={days[1]}")
    assert (missing.status_code, missing.json()["code"], codes(missing.json())) == (422, "rfm-run-missing", ["from"])


async def test_a_seller_sees_the_results_of_own_accounts(world: World) -> None:
    service, owners = world.service, {"a": OTHER_REP, "b": OTHER_REP}
    await bought(service, [(name, DAY, 100) for name in "abcdefg"], owners)
    made = await run(service, as_of=DAY.isoformat())
    rep = service.headers("rep-3", "sales_rep")
    mine = (await service.get(f"/v1/rfm-runs/{made['id']}/results", headers=rep)).json()["items"]
    assert {one["account_id"] for one in mine} == {str(account_id(name)) for name in "ab"}
    every = (await service.get(f"/v1/rfm-runs/{made['id']}/results?segment=lost&limit=3&count=exact")).json()
    assert (len(every["items"]), every["count"]) == (3, 7)
    sums = (await service.get(f"/v1/rfm-runs/{made['id']}/segments", headers=rep)).json()
    assert sums["items"] == [{"segment": "lost", "accounts": 2, "monetary_base": 200}]
    moves = (await service.get(f"/v1/rfm-migrations?from={DAY}&to={DAY}", headers=rep)).json()
    assert (moves["sample_size"], moves["unchanged"]) == (2, 2)
    assert (await service.post("/v1/rfm-runs", {}, headers=rep)).status_code == 403
    agent = service.headers("x", "partner")
    assert (await service.get("/v1/rfm-runs", headers=agent)).status_code == 403


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"as_of": "2199-01-01"}, "future-date", "/as_of"),
        ({"as_of": "2026-02-30"}, "invalid", "/as_of"),
        ({"days": 0}, "invalid", "/days"),
        ({"days": 36_501}, "invalid", "/days"),
        ({"day": 1}, "invalid", "/day"),
    ],
)
async def test_bad_runs(service: ServiceHarness, body: dict[str, Any], code: str, pointer: str) -> None:
    answer = await service.post("/v1/rfm-runs", body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer]), answer.text


async def test_a_run_is_of_today_unless_it_says(service: ServiceHarness) -> None:
    made = (await service.post("/v1/rfm-runs", {})).json()
    assert made["as_of"] == business_date("Asia/Shanghai").isoformat()
    listed = (await service.get("/v1/rfm-runs?state=queued")).json()["items"]
    assert [one["id"] for one in listed] == [made["id"]]
    assert (await service.get(f"/v1/rfm-runs/{derived_id('rfm', 'none')}/results")).status_code == 404
