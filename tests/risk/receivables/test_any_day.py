"""Ageing and figures of any day and whoever is asked for, computed again move by move, while facts of all days come in
any order."""

from __future__ import annotations

import random
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Order, Payment, account_created, partner_activated
from tests.risk.receivables.conftest import BUCKETS

FIRST, LAST = date(2025, 9, 1), date(2026, 4, 30)
EDGES = ((0, "current"), (30, "d1_30"), (60, "d31_60"), (90, "d61_90"))

Told = list[tuple[Event, Callable[[], None]]]
"""Events, and what they do to what is known."""


@dataclass
class Item:
    """An order, and (day, amount) of all that moves it: what raises it is above 0."""

    order: Order
    day: date
    terms: int
    partner_id: UUID | None
    region: str
    moves: list[tuple[str, date, int]] = field(default_factory=list)

    def open_on(self, day: date) -> int:
        return sum(amount for _kind, on, amount in self.moves if on <= day)


@dataclass
class World:
    """What has happened, whether it was heard of or not."""

    items: list[Item]
    money: dict[UUID, list[tuple[date, int]]]
    owner_of: dict[UUID, UUID]
    told: Told


def happened(dice: random.Random) -> World:
    """Orders of four accounts, and what becomes of them: events in the order of each stream, days at random."""
    owners = [new_id(), new_id()]
    accounts = {new_id(): dice.choice(owners) for _ in range(4)}
    partners = [None, new_id(), new_id()]
    world = World([], defaultdict(list), accounts, [])
    world.told += [(account_created(each, owner), lambda: None) for each, owner in accounts.items()]
    world.told += [(partner_activated(each), lambda: None) for each in partners if each]
    for _ in range(40):
        account_id, day = dice.choice(list(accounts)), _day(dice, FIRST)
        item = Item(Order(account_id, dice.randint(1, 90_000)), day, dice.choice((0, 10, 30, 60)), None, "")
        item.partner_id, item.region = dice.choice(partners), dice.choice(("EAST", "WEST"))
        _order(world, item, dice)
        _payment(world, item, dice)
    return world


def _day(dice: random.Random, first: date) -> date:
    return first + timedelta(dice.randint(0, max(0, (LAST - first).days)))


def _order(world: World, item: Item, dice: random.Random) -> None:
    """It is confirmed, and perhaps some of it comes back, of which less may be settled."""

    def confirmed() -> None:
        world.items.append(item)
        item.moves.append(("confirmed", item.day, item.order.gross))

    named = {"partner_id": item.partner_id, "region": item.region}
    world.told.append((item.order.confirmed(str(item.day), item.terms, **named), confirmed))
    if dice.random() < 0.4:
        back, on = dice.randint(1, item.order.gross), _day(dice, item.day)
        settled = dice.choice((back, back // 2, 0))
        told = item.order.returned(back, settled_base=settled, return_date=str(on), **named)
        world.told.append((told, lambda: item.moves.append(("returned", on, -settled))))


def _payment(world: World, item: Item, dice: random.Random) -> None:
    """Money: some pays the order, the rest lies on account, is allocated, refunded or voided later."""
    if dice.random() < 0.2:
        return
    paid, left = dice.randint(0, item.order.gross), dice.choice((0, 500, 7_000))
    money = Payment(item.order.account_id, left)
    mine, order = world.money[item.order.account_id], item.order
    on = _day(dice, item.day)

    def add(step: str, day: date, to_order: int, to_account: int, after: int) -> None:
        def apply() -> None:
            if to_order:
                item.moves.append(("paid", day, -to_order))
            mine.append((day, to_account))

        parts = [(order, abs(to_order))] if to_order else []
        world.told.append((money.event(step, *parts, left=after, day=str(day)), apply))

    add("received", on, paid, left, left)
    later = _day(dice, on)
    match dice.choice(("nothing", "allocated", "refunded", "voided")):
        case "allocated" if left:
            add("allocated", later, left // 2, -(left // 2), left - left // 2)
        case "refunded":
            add("refunded", later, -(paid // 3), -(left // 2), left - left // 2)
        case "voided":
            add("voided", later, -paid, -left, 0)
        case _:
            pass


def aged(world: World, items: Sequence[Item], accounts: Sequence[UUID], day: date) -> dict[str, int]:
    """An ageing as the requirement says it."""
    found = dict.fromkeys(BUCKETS, 0)
    for item in items:
        owed, late = item.open_on(day), (day - item.day).days - item.terms
        if owed < 0:
            found["credits"] -= owed
        elif owed:
            found[next((name for edge, name in EDGES if late <= edge), "over_90")] += owed
    found["unallocated"] = sum(amount for each in accounts for on, amount in world.money[each] if on <= day)
    found["total"] = sum(found[name] for name in BUCKETS[:5]) - found["credits"] - found["unallocated"]
    return found


def tenths(value: Fraction) -> str:
    whole, rest = divmod(round(value * 10), 10)
    return f"{whole}.{rest}"


def outstanding(items: Sequence[Item], day: date, window: int) -> tuple[Any, ...]:
    """Sales, dso, best dso, delay and the count back, of credit orders, as the requirement says them."""
    items = [item for item in items if item.terms > 0]
    first = day - timedelta(window - 1)
    sales: dict[date, int] = defaultdict(int)
    for item in items:
        for kind, on, amount in item.moves:
            if kind != "paid" and on <= day:
                sales[on] += amount
    sold = sum(amount for on, amount in sales.items() if on >= first)
    owed = [(item, item.open_on(day)) for item in items if item.open_on(day) > 0]
    whole = sum(amount for _item, amount in owed)
    if sold <= 0:
        return sold, whole, None, None, None
    early = sum(amount for item, amount in owed if item.day + timedelta(item.terms) >= day)
    each = Fraction(window, sold)
    return sold, whole, tenths(whole * each), tenths(early * each), count_back(sales, whole, day)


def count_back(sales: dict[date, int], rest: int, day: date) -> str | None:
    """Months go back from the day; the history ends with the first order."""
    days, month, length = Fraction(0), day.replace(day=1), day.day
    first = min(sales)
    while rest > 0 and month >= first.replace(day=1):
        sold = sum(amount for on, amount in sales.items() if (on.year, on.month) == (month.year, month.month))
        if rest < sold:
            return tenths(days + Fraction(rest, sold) * length)
        days, rest = days + length, rest - sold
        month = (month - timedelta(1)).replace(day=1)
        length = monthrange(month.year, month.month)[1]
    return None if rest > 0 else tenths(days)


def woven(told: Told, dice: random.Random) -> Told:
    """Events of each key in their order, keys in any."""
    left: dict[str, Told] = defaultdict(list)
    for one in told:
        left[one[0].key].append(one)
    found: Told = []
    while left:
        key = dice.choice(sorted(left))
        found.append(left[key].pop(0))
        if not left[key]:
            del left[key]
    return found


async def groups(service: ServiceHarness, day: date, by: str) -> dict[str, dict[str, int]]:
    found = (await service.get(f"/v1/receivable-ageings?as_of={day}&by={by}&limit=200")).json()["items"]
    rows = {row["key"]: {name: row[name] for name in BUCKETS} for row in found}
    return {key: row for key, row in rows.items() if any(row.values())}


async def agree(service: ServiceHarness, world: World, day: date, window: int) -> None:
    """Whole, by each group, and the figures of the company, an owner, a partner and an account."""
    everyone = list(world.owner_of)
    keys: dict[str, Callable[[Item], str]] = {
        "account": lambda item: str(item.order.account_id),
        "owner": lambda item: str(world.owner_of[item.order.account_id]),
        "partner": lambda item: str(item.partner_id or "none"),
        "region": lambda item: item.region,
        "total": lambda _item: "total",
    }
    own: dict[str, Callable[[UUID], str]] = {
        "account": str,
        "owner": lambda each: str(world.owner_of[each]),
        "total": lambda _each: "total",
    }
    for by, key in keys.items():
        money: Callable[[UUID], str] = own.get(by, lambda _each: "none")
        names = {key(item) for item in world.items} | {money(each) for each in everyone}
        right = {
            name: aged(
                world,
                [item for item in world.items if key(item) == name],
                [each for each in everyone if money(each) == name],
                day,
            )
            for name in names
        }
        assert await groups(service, day, by) == {name: row for name, row in right.items() if any(row.values())}, by
    chosen = {"": world.items}
    for by, name in (("account", "account_id"), ("owner", "owner_id"), ("partner", "partner_id")):
        each = next((keys[by](item) for item in world.items if keys[by](item) != "none"), None)
        if each is not None:
            chosen[f"&{name}={each}"] = [item for item in world.items if keys[by](item) == each]
    for query, items in chosen.items():
        answer = await service.get(f"/v1/receivable-figures?as_of={day}&window_days={window}{query}")
        found, right_of = answer.json(), outstanding(items, day, window)
        assert (found["sales"], found["owed"], found["dso"], found["best_dso"]) == right_of[:4], query
        if right_of[2] is not None and right_of[4] is not None:
            assert found["dso_countback"] == right_of[4], query


@pytest.mark.parametrize("seed", range(2))
async def test_any_day_is_what_its_moves_say(service: ServiceHarness, seed: int) -> None:
    dice = random.Random(seed)
    world = happened(dice)
    told = woven(world.told, dice)
    for part in (told[: len(told) // 2], told[len(told) // 2 :]):
        await service.deliver(*(event for event, _apply in part))
        for _event, apply in part:
            apply()
        assert await service.parked() == []
        for _ in range(2):
            await agree(service, world, _day(dice, FIRST), dice.choice((30, 90, 365)))
