"""Grading runs: what they count, compared with a plain computation; once whatever happens, ordered by their days."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any
from uuid import UUID

import pytest

from kit.db.database import Tx
from kit.jobs.context import JobContext
from kit.testing.service import ServiceHarness
from services.customer.grading import repository
from services.customer.grading import service as grading
from tests.customer.conftest import World, work_off
from tests.customer.grading.conftest import (
    DAY,
    Bought,
    account_id,
    activate,
    bought,
    changes,
    grades,
    read,
    results,
    run,
    start,
)

NAMES = "abcdefghijk"
SERIES = (500, 150, 100, 100, 60, 40, 30, 11, 9, 0, 5)
MARGIN = 30
"""What the test's profit takes from the revenue of an account."""


def of_series() -> list[Bought]:
    """An account each, the last with more back than it bought in the period."""
    rows = [Bought(name, DAY, value) for name, value in zip(NAMES, SERIES, strict=True)]
    old = Bought("k", DAY - timedelta(days=400), 10, back=10)
    return [*rows, old]


async def test_the_shares_before(service: ServiceHarness) -> None:
    await bought(service, of_series())
    made = await run(service, as_of=DAY.isoformat())
    found = await results(service, made)
    assert [found[account_id(name)]["revenue_base"] for name in NAMES] == [*SERIES[:-1], -5]
    assert "".join(found[account_id(name)]["grade"] for name in NAMES) == "AAAABCCCDDD"
    assert (made["sample_size"], made["changed_accounts"], made["dry_reason"]) == (11, 11, None)
    assert (made["revenue_cut"], made["policy_version"]) == ({"a": 100, "b": 60, "c": 11}, 1)
    assert made["profit_cut"] == {"a": None, "b": None, "c": None}
    row = (await service.rows("SELECT grade, revenue_grade, profit_grade, tenure_class, version FROM account"))[0]
    assert (row["revenue_grade"], row["profit_grade"], row["tenure_class"]) == (row["grade"], None, "short")
    assert row["version"] == 1, "a grade is no change of the account"


async def test_a_grade_that_nobody_has(service: ServiceHarness) -> None:
    await bought(service, [Bought("a", DAY, 900), Bought("b", DAY, 50), Bought("c", DAY, 50)])
    made = await run(service, as_of=DAY.isoformat())
    assert await grades(service) == {"a": "A", "b": "C", "c": "C"}
    assert made["revenue_cut"] == {"a": 900, "b": None, "c": 50}


Seen = dict[str, tuple[int, str, str]]
"""Value, grade it has by itself, grade it was given, by account."""


def plain(values: Mapping[str, int], before: Seen, h: Fraction = Fraction(1, 20)) -> Seen:
    """Grades by definition: for each account what all better ones together have of the whole; then the hysteresis as it
    is told, in letters and fractions."""
    whole = sum(value for value in values.values() if value > 0)
    by_self: dict[str, str] = {}
    for name, value in values.items():
        better = Fraction(sum(other for other in values.values() if other > max(value, 0)), whole)
        at = [letter for letter, cut in (("A", 70), ("B", 90), ("C", 99)) if better < Fraction(cut, 100)]
        by_self[name] = at[0] if at and value > 0 else "D"
    least = {
        letter: min(values[n] for n, g in by_self.items() if g == letter) for letter in set(by_self.values()) - {"D"}
    }
    found: Seen = {}
    for name, value in values.items():
        own, grade = by_self[name], by_self[name]
        if name in before and (current := before[name][2]) != own:
            up = own < current
            reached = [g for g in "ABC" if g in least and value >= least[g] * (1 + h if up else 1 - h)]
            moved = (reached or ["D"])[0]
            last = before[name][1]
            if up:
                grade = moved if moved < current else max(own, last) if last < current else current
            else:
                grade = moved if moved > current else min(own, last) if last > current else current
        found[name] = (value, own, grade)
    return found


async def test_random_sales_equal_a_plain_computation(service: ServiceHarness) -> None:
    random = Random(20260131)
    names = [f"n{number}" for number in range(150)]
    rows = [
        Bought(
            random.choice(names), DAY - timedelta(days=random.randint(0, 500)),
            net := int(random.paretovariate(0.9) * 9),
            back=random.choice((0, 0, 0, net // 2, net)), back_on=DAY - timedelta(days=random.randint(0, 100)),
            state=random.choice(("confirmed", "fulfilled", "closed", "placed", "cancelled")),
        )
        for _ in range(1500)
    ]  # fmt: skip
    await bought(service, rows)
    before: Seen = {}
    held_back = 0
    for weeks in range(12, -1, -1):
        as_of = DAY - timedelta(weeks=weeks)
        values: dict[str, int] = {}
        for one in rows:
            if one.state in ("placed", "cancelled"):
                continue
            if one.day <= as_of:
                values.setdefault(one.name, 0)
                values[one.name] += one.net if (as_of - one.day).days < 365 else 0
        for one in rows:
            if one.state in ("placed", "cancelled") or one.name not in values:
                continue
            values[one.name] -= one.back if one.back_on <= as_of and (as_of - one.back_on).days < 365 else 0
        before = plain(values, before)
        found = await results(service, await run(service, as_of=as_of.isoformat()))
        assert {key: (row["revenue_base"], row["revenue_raw"], row["grade"]) for key, row in found.items()} == {
            account_id(name): one for name, one in before.items()
        }
        held_back += sum(own != grade for _, own, grade in before.values())
    assert held_back > 20, "the hysteresis had something to do"
    said: dict[str, str] = {}
    for fact in await changes(service):
        assert said.get(fact["account_id"]) == fact["old"] != fact["new"]
        said[fact["account_id"]] = fact["new"]
    assert said == {str(account_id(name)): grade for name, (*_, grade) in before.items()}


async def test_small_moves_are_held_by_thresholds(service: ServiceHarness) -> None:
    least = {"a": 500, "b": 200, "c": 50}
    await activate(service, shares=None, thresholds={"revenue": least, "profit": least})
    async with service.transaction() as tx:
        await tx.execute("UPDATE customer_policy SET valid_from = '1900-01-01'")
    values, found = (480, 510, 505, 490, 498, 470, 530, 190, 185, 40), ""
    await bought(service, [Bought("a", DAY, 1000)])
    for number, value in enumerate(values):
        async with service.transaction() as tx:
            await tx.execute("UPDATE orders SET net_base = $1, gross_base = $1", value)
        made = await run(service, as_of=(DAY + timedelta(days=number)).isoformat())
        found += str((await grades(service))["a"])
        assert made["revenue_cut"] == least
    assert found == "BBAABBABCD"


async def test_profit_joins_by_the_matrix_once_it_is_known(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "PROFIT", f"(CASE WHEN joint.sold <> 9 THEN joint.sold - {MARGIN} END)::bigint")
    await bought(service, of_series())
    made = await run(service, as_of=DAY.isoformat())
    found = await results(service, made)
    profits = {name: value - MARGIN for name, value in zip(NAMES, SERIES, strict=True) if value != 9}
    right = {name: grade for name, (_, _, grade) in plain(profits, {}).items()}
    matrix = {"A": "AABC", "B": "ABBC", "C": "BBCD", "D": "CCDD"}
    for name, revenue in zip(NAMES, "AAAABCCCDDD", strict=True):
        row = found[account_id(name)]
        assert (row["profit_base"], row["profit_grade"]) == (profits.get(name), right.get(name))
        assert row["grade"] == (matrix[revenue]["ABCD".index(right[name])] if name in right else revenue)
    assert len({*right.values()}) == 4
    shown = (await service.get(f"/v1/accounts/{account_id('a')}/grade")).json()
    assert (shown["profit_base"], shown["profit_grade"], shown["insufficient_data"]) == (470, "A", None)


async def test_the_period_has_both_its_ends_and_old_buyers_are_d(service: ServiceHarness) -> None:
    first = DAY - timedelta(days=364)
    rows = [
        Bought("a", DAY, 1), Bought("a", first, 10), Bought("a", first - timedelta(days=1), 100),
        Bought("a", DAY + timedelta(days=1), 1000), Bought("old", first - timedelta(days=1), 100),
        Bought("later", DAY + timedelta(days=1), 1), Bought("never", DAY, 5, state="placed"),
        Bought("back", first - timedelta(days=9), 50, back=7, back_on=first),
        Bought("long", date(2023, 1, 31), 5),
    ]  # fmt: skip
    await bought(service, rows)
    found = await results(service, await run(service, as_of=DAY.isoformat()))
    values = {name: found[account_id(name)]["revenue_base"] for name in ("a", "old", "back", "long")}
    assert (len(found), values) == (4, {"a": 11, "old": 0, "back": -7, "long": 0})
    assert await grades(service) == {"a": "A", "old": "D", "back": "D", "long": "D", "later": None, "never": None}
    assert {found[account_id(name)]["tenure_class"] for name in ("a", "old", "back")} == {"short"}
    row = found[account_id("long")]
    assert (row["tenure_class"], row["strategy"]) == ("long", "maintain")


async def test_without_revenue_nobody_is_graded(service: ServiceHarness) -> None:
    await bought(service, [Bought("a", DAY, 900)])
    await run(service, as_of=DAY.isoformat())
    async with service.transaction() as tx:
        await tx.execute("UPDATE orders SET order_date = '2020-01-01'")
    made = await run(service, as_of=(DAY + timedelta(days=1)).isoformat())
    assert (made["sample_size"], made["dry_reason"]) == (0, "insufficient-data")
    assert made["insufficient_data"] == {"reason": "revenue", "have": 0, "need": 1}
    assert await grades(service) == {"a": "A"}
    assert len(await changes(service)) == 1


async def test_a_dry_run_changes_nothing(service: ServiceHarness) -> None:
    await bought(service, of_series())
    made = await run(service, as_of=DAY.isoformat(), dry_run=True)
    assert (made["dry_reason"], made["sample_size"], made["changed_accounts"]) == ("dry-run", 11, 11)
    assert set((await grades(service)).values()) == {None}
    assert await changes(service) == []
    counted = await run(service, as_of=DAY.isoformat())
    assert counted["dry_reason"] is None, "a dry run does not count"
    assert await results(service, made) == {
        key: {**row, "run_id": UUID(made["id"])} for key, row in (await results(service, counted)).items()
    }


async def test_runs_count_by_their_day(service: ServiceHarness) -> None:
    await bought(service, of_series())
    await run(service, as_of=DAY.isoformat())
    before, said = await grades(service), await changes(service)
    await bought(service, [Bought("j", DAY - timedelta(days=9), 10_000)])
    again = await run(service, as_of=DAY.isoformat())
    older = await run(service, as_of=(DAY - timedelta(days=1)).isoformat())
    assert [one["dry_reason"] for one in (again, older)] == ["run-repeated", "run-out-of-order"]
    assert again["changed_accounts"] > 0
    assert (await grades(service), await changes(service)) == (before, said)
    found = []
    for number in (1, 2):
        later = await run(service, as_of=(DAY + timedelta(days=number)).isoformat())
        assert later["dry_reason"] is None
        found.append((await grades(service))["j"])
    assert found == ["C", "A"], "whose own value is the boundary of A passes it by being there twice"


async def test_two_at_once_take_turns(service: ServiceHarness) -> None:
    await bought(service, of_series())
    ids = [UUID((await start(service, as_of=DAY.isoformat()))["id"]) for _ in range(3)]

    async def one(run_id: UUID) -> Any:
        async with service.transaction() as tx:
            return (await grading.grade_all(service.work(tx), run_id)).dry_reason

    done = await asyncio.gather(*(one(run_id) for run_id in (*ids, *ids)))
    assert sorted(map(str, done)) == ["None", "None", *["run-repeated"] * 4]
    said = await changes(service)
    assert len(said) == len({fact["account_id"] for fact in said}) == 11


async def test_a_kill_leaves_no_half_run_and_no_event_twice(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bought(service, of_series())
    monkeypatch.setattr(grading, "CHUNK", 3)
    dead: list[tuple[int, int]] = []

    async def die(self: Any, state: Mapping[str, Any], tx: Tx | None = None) -> None:
        if not dead:
            graded = len(await service.rows("SELECT 1 FROM account WHERE grade IS NOT NULL"))
            dead.append((graded, len(await changes(service))))
            raise RuntimeError("killed")
        await whole(self, state, tx)

    whole = JobContext.checkpoint
    monkeypatch.setattr(JobContext, "checkpoint", die)
    made = await run(service, as_of=DAY.isoformat())
    assert dead == [(0, 0)], "nobody else saw anything of the attempt that failed after its work"
    said = await changes(service)
    assert [len(said), len({fact["account_id"] for fact in said}), made["sample_size"]] == [11, 11, 11]
    async with service.transaction() as tx:
        await tx.execute("UPDATE job SET state = 'queued', finished_at = NULL, attempts = 0")
    await work_off(service)
    assert (await read(service, made))["dry_reason"] is None
    assert await changes(service) == said


async def test_another_policy_gives_raw_grades(service: ServiceHarness) -> None:
    async with service.transaction() as tx:
        today = service.work(tx).today
    await bought(service, [Bought("a", today, 700), Bought("b", today, 290), Bought("c", today, 10)])
    await run(service, as_of=(today - timedelta(days=1)).isoformat())
    assert set((await grades(service)).values()) == {None}, "nobody had ordered"
    first = await run(service, as_of=today.isoformat(), dry_run=True)
    assert first["policy_version"] == 1
    least = {"a": 710, "b": 300, "c": 5}
    async with service.transaction() as tx:
        await tx.execute("UPDATE account SET grade = 'A', revenue_grade = 'A' WHERE name = 'a'")
    await activate(service, shares=None, thresholds={"revenue": least, "profit": least})
    made = await run(service, as_of=today.isoformat())
    assert (made["policy_version"], made["before_id"]) == (2, None)
    assert await grades(service) == {"a": "B", "b": "C", "c": "C"}, "699.5 would have held the A"


async def test_archived_accounts_stay_as_they_are_and_come_back_raw(service: ServiceHarness) -> None:
    await bought(service, of_series())
    await run(service, as_of=DAY.isoformat())
    gone = account_id("e")
    assert (await service.post(f"/v1/accounts/{gone}/archive")).status_code == 200
    days = [(DAY + timedelta(days=number)).isoformat() for number in (1, 2)]
    without = await run(service, as_of=days[0])
    assert without["sample_size"] == 10
    assert gone not in await results(service, without)
    assert (await grades(service))["e"] == "B"
    assert (await service.post(f"/v1/accounts/{gone}/restore")).status_code == 200
    await bought(service, [Bought("e", DAY, 2)])
    found = await results(service, await run(service, as_of=days[1]))
    assert (found[gone]["former"], found[gone]["revenue_raw"]) == ("B", found[gone]["revenue_grade"])


async def test_a_return_lowers_the_grade(world: World) -> None:
    service = world.service
    account = await world.account(name="Returner")
    order = await world.confirmed(account, currency="USD")
    await bought(service, [Bought("x", date(2026, 2, 1), order["net_base"] - 1)])
    await run(service, as_of="2026-03-09")
    assert await grades(service) == {"Returner": "A", "x": "A"}
    body = {"lines": [{"line_no": 1, "quantity": 3}, {"line_no": 2, "quantity": 2}], "return_date": "2026-03-10"}
    answer = await service.post(f"/v1/orders/{order['id']}/returns", body)
    assert answer.status_code == 201, answer.text
    await run(service, as_of="2026-03-10")
    assert await grades(service) == {"Returner": "D", "x": "A"}
    (fact,) = [one for one in await changes(service) if one["old"] is not None]
    assert (fact["account_id"], fact["old"], fact["new"], fact["as_of"]) == (account["id"], "A", "D", "2026-03-10")
    assert (fact["stream_key"], fact["owner_id"]) == (account["stream_key"], account["owner_id"])
