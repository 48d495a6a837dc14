"""An order is of the business day of its placement, unless somebody who may do so chose another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, cast
from unittest import mock
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import clock
from kit.db.database import Tx
from kit.errors import Forbidden
from kit.ids import derived_id
from kit.security.principals import Actor
from kit.work import Work
from services.customer.orders.changes import new_draft, order_number, placed, refilled
from services.customer.orders.enums import OrderState
from services.customer.orders.models import Buyer, Order
from services.customer.orders.references import References
from services.customer.orders.schemas import OrderCreate
from services.customer.settings import Settings
from tests.customer.conftest import World, refused
from tests.customer.imports.files import counts, imported, text_of
from tests.customer.orders.test_quoted import quoted

SELLER = derived_id("member", 1)
BUYER = Buyer(derived_id("account", 1), derived_id("account", 1), SELLER, None, None, next_number=7)
REP, MANAGER = (Actor("a", frozenset(), frozenset(may)) for may in ((), ("orders:backdate",)))
REFERENCES = References(
    products={"CD": ("CD", "rock")},
    costs={},
    partners={},
    channels={},
    promotions=frozenset(),
    contacts={},
    quotes={},
    memberships=((SELLER, date(2020, 1, 1), None),),
    above=(),
    earlier=tuple((BUYER.id, date(2024, 1, 1) + timedelta(days), None) for days in range(2_000)),
    terms={},
    bought=frozenset(),
    rates=tuple(("EUR", date(2027, 6, 30) - timedelta(days=back), f"1.{back:03d}") for back in range(900)),
)
"""One rate a day, each another: it says which day was asked for."""

IMPORTED = (["id", "account_id", "currency", "sku", "quantity", "unit_price"],)
FILE: dict[str, Any] = {"key": "id", "options": {"source": "file"}}

hours = st.integers(-12, 14)
moments = st.integers(0, 364 * 24 * 60).map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))
waits = st.lists(st.integers(0, 3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)), min_size=1, max_size=4)


def zone_name(hour: int) -> str:
    return f"Etc/GMT{-hour:+d}" if hour else "Etc/GMT"


def local_day(at: datetime, hour: int) -> date:
    """The day on a wall clock that is so many hours ahead of UTC."""
    return at.astimezone(timezone(timedelta(hours=hour))).date()


def work_of(hour: int, actor: Actor = REP) -> Work:
    settings = Settings.model_validate({"ENV": "test", "timezone": zone_name(hour)})
    return Work(tx=cast(Tx, None), actor=actor, service="customer", settings=settings)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with mock.patch.object(clock, "now", return_value=moment):
        yield


def body(day: date | None = None) -> OrderCreate:
    line = {"sku": "CD", "quantity": 1, "unit_price": 100_000}
    return OrderCreate.model_validate(
        {"account_id": BUYER.id, "currency": "EUR", "lines": [line], **({"order_date": day} if day else {})}
    )


def drafted(moment: datetime, hour: int, day: date | None = None, actor: Actor = REP) -> Order:
    with at(moment):
        return new_draft(work_of(hour, actor), BUYER, body(day), REFERENCES)


def rate_of(day: date) -> str:
    return REFERENCES.rate("EUR", "USD", day)


def held(order: Order) -> Order:
    return order.model_copy(update={"state": OrderState.ON_HOLD})


@given(moments, waits, hours)
def test_an_undated_order_is_of_the_day_of_each_placement(
    moment: datetime, pauses: Sequence[timedelta], hour: int
) -> None:
    order = drafted(moment, hour)
    number = order.number
    assert number == order_number(local_day(moment, hour), 7)
    for pause in pauses:
        moment += pause
        with at(moment):
            order = held(placed(work_of(hour), order, REFERENCES))
        day = local_day(moment, hour)
        assert (order.order_date, order.exchange_rate, order.number) == (day, rate_of(day), number)
        assert order.gross_base == round(float(rate_of(day)) * 100_000)


@given(moments, waits, hours, st.integers(0, 3))
def test_a_given_date_needs_the_permission_of_whoever_places(
    moment: datetime, pauses: Sequence[timedelta], hour: int, back: int
) -> None:
    day = local_day(moment, hour) - timedelta(days=back)
    order = drafted(moment, hour, day, MANAGER)
    for pause in pauses:
        moment += pause
        with at(moment):
            if local_day(moment, hour) == day:
                assert placed(work_of(hour), order, REFERENCES).order_date == day
            else:
                with pytest.raises(Forbidden):
                    placed(work_of(hour), order, REFERENCES)
            order = held(placed(work_of(hour, MANAGER), order, REFERENCES))
        assert (order.order_date, order.exchange_rate) == (day, rate_of(day))


@given(moments, waits, hours, st.integers(0, 2))
def test_a_draft_of_the_release_before_is_dated_if_it_is_not_of_the_day_it_was_made(
    moment: datetime, pauses: Sequence[timedelta], hour: int, back: int
) -> None:
    day = local_day(moment, hour) - timedelta(days=back)
    order = drafted(moment, hour, day, MANAGER).model_copy(update={"is_dated": None})
    for pause in pauses:
        moment += pause
        with at(moment):
            order = held(placed(work_of(hour, MANAGER), order, REFERENCES))
        assert order.order_date == (day if back else local_day(moment, hour))
        assert order.is_dated == bool(back), "said once it is known: the date alone would say otherwise later"


@given(moments, waits, hours, st.lists(st.sampled_from([None, 0, 1]), min_size=4, max_size=4), st.booleans())
def test_nobody_chooses_a_date_by_changing_a_draft(
    moment: datetime, pauses: Sequence[timedelta], hour: int, said: Sequence[int | None], may: bool
) -> None:
    """Whatever a seller sends when, what is placed without the permission is of the day of its placement."""
    order = drafted(moment, hour)
    actor = MANAGER if may else REP
    for pause, back in zip(pauses, said, strict=False):
        moment += pause
        day = None if back is None else local_day(moment, hour) - timedelta(days=back)
        with at(moment):
            try:
                order = refilled(work_of(hour, actor), order, body(day), REFERENCES)
            except Forbidden:
                assert (back, may) == (1, False)
        with at(moment):
            today = local_day(moment, hour)
            try:
                assert may or placed(work_of(hour), order, REFERENCES).order_date == today
            except Forbidden:
                assert order.is_dated
                assert order.order_date < today


async def wait(world: World, days: int = 3) -> None:
    """All orders were made so many days ago."""
    async with world.service.transaction() as tx:
        await tx.execute(
            "UPDATE orders SET order_date = order_date - $1::int, created_at = created_at - make_interval(days => $1)",
            days,
        )


def undated(world: World, account: dict[str, Any], **fields: Any) -> dict[str, Any]:
    content = world.order_body(account, **fields)
    del content["order_date"]
    return content


def today(world: World) -> str:
    return clock.business_date(world.service.runtime.settings.timezone).isoformat()


async def test_a_draft_that_waited_is_of_the_day_it_is_placed(world: World) -> None:
    rep = world.service.headers("rep-1", "sales_rep")
    account = await world.account()
    order = (await world.service.post("/v1/orders", undated(world, account), headers=rep)).json()
    assert order["is_dated"] is False
    await wait(world)
    rate = {"currency": "CNY", "rate": "0.2", "valid_from": today(world)}
    assert (await world.service.post("/v1/exchange-rates", rate)).status_code == 201
    path = f"/v1/orders/{order['id']}"
    answer = await world.service.post(f"{path}/place", headers=rep)
    placed_order = answer.json()
    assert (placed_order["order_date"], placed_order["exchange_rate"], placed_order["number"]) == (
        today(world),
        "0.2",
        order["number"],
    )
    (event,) = await world.service.published("customer.order.placed.v1")
    assert (event.payload["order_date"], "order_date" in event.payload["changed"]) == (today(world), True)
    await world.service.deliver(refused(placed_order))
    await wait(world)
    again = await world.service.post(f"{path}/place", headers=rep)
    assert (again.json()["order_date"], again.json()["placement"]) == (today(world), 2)


async def test_a_given_date_that_has_passed_is_placed_by_who_may_choose_it(world: World) -> None:
    rep, manager = world.service.headers("rep-1", "sales_rep"), world.service.headers("manager-north", "sales_manager")
    account = await world.account()
    content = world.order_body(account, order_date=today(world))
    order = (await world.service.post("/v1/orders", content, headers=rep)).json()
    assert order["is_dated"] is True
    await wait(world)
    path = f"/v1/orders/{order['id']}"
    answer = await world.service.post(f"{path}/place", headers=rep)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await world.service.patch(path, {"payment_terms_days": 9}, 1, headers=rep)).status_code == 200
    answer = await world.service.post(f"{path}/place", headers=manager)
    assert (answer.status_code, answer.json()["order_date"]) == (
        200,
        (date.fromisoformat(today(world)) - timedelta(days=3)).isoformat(),
    )


async def test_a_date_is_given_and_taken_back_by_a_change(world: World) -> None:
    rep = world.service.headers("rep-1", "sales_rep")
    account = await world.account()
    order = (await world.service.post("/v1/orders", undated(world, account), headers=rep)).json()
    await wait(world)
    path = f"/v1/orders/{order['id']}"
    shown = (await world.service.get(path)).json()["order_date"]
    answer = await world.service.patch(path, {"order_date": shown}, 1, headers=rep)
    assert answer.status_code == 403, "the day that an undated draft shows is not chosen by saying it later"
    assert (await world.service.patch(path, {"payment_terms_days": 30}, 1, headers=rep)).json()["version"] == 1
    dated = (await world.service.patch(path, {"order_date": shown}, 1)).json()
    assert (dated["order_date"], dated["is_dated"]) == (shown, True)
    free = (await world.service.patch(path, {"order_date": None}, 2, headers=rep)).json()
    assert (free["order_date"], free["is_dated"]) == (today(world), False)


@pytest.mark.parametrize("dated", [False, True])
async def test_a_batch_places_on_its_own_day(world: World, dated: bool) -> None:
    rep = world.service.headers("rep-1", "sales_rep")
    row = undated(world, await world.account(), external_id={"source": "shop", "id": "1"})
    if dated:
        row["order_date"] = today(world)
    await world.service.post("/v1/orders/batch", {"rows": [row]}, headers=rep)
    await wait(world)
    answer = await world.service.post("/v1/orders/batch", {"rows": [{**row, "place": True}]}, headers=rep)
    (result,) = answer.json()["results"]
    if dated:
        assert result["problem"]["code"] == "forbidden"
        return
    order = await world.order(result["id"])
    assert (result["status"], order["order_date"], order["state"]) == ("updated", today(world), "placed")


async def test_a_draft_of_the_release_before_is_read_by_its_dates(world: World) -> None:
    rep = world.service.headers("rep-1", "sales_rep")
    account = await world.account()
    waiting = (await world.service.post("/v1/orders", undated(world, account), headers=rep)).json()
    await wait(world)
    chosen = (await world.service.post("/v1/orders", world.order_body(account))).json()
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE orders SET is_dated = NULL")
    answer = await world.service.post(f"/v1/orders/{waiting['id']}/place", headers=rep)
    assert (answer.status_code, answer.json()["order_date"]) == (200, today(world))
    assert (await world.service.post(f"/v1/orders/{chosen['id']}/place", headers=rep)).status_code == 403
    listed = (await world.service.get("/v1/orders?is_dated=true")).json()["items"]
    assert [UUID(one["id"]) for one in listed] == []


async def test_no_order_is_of_a_day_that_cannot_be(world: World) -> None:
    """Its payment could not be either."""
    account = await world.account()
    draft = (await world.service.post("/v1/orders", undated(world, account))).json()
    for day, code in (("1969-12-31", "early-date"), ("1900-01-01", "early-date"), ("2199-12-31", "future-date")):
        made = await world.service.post("/v1/orders", world.order_body(account, order_date=day, place=True))
        changed = await world.service.patch(f"/v1/orders/{draft['id']}", {"order_date": day}, 1)
        row = world.order_body(account, order_date=day, external_id={"source": "shop", "id": day})
        (result,) = (await world.service.post("/v1/orders/batch", {"rows": [row]})).json()["results"]
        for problem in (made.json(), changed.json(), result["problem"]):
            assert [error["code"] for error in problem.get("errors", ())] == [code], problem
    first = await world.service.post("/v1/orders", world.order_body(account, order_date="1970-01-01"))
    assert first.status_code == 201, first.text


async def test_every_way_to_place_what_waited_takes_its_own_day(world: World) -> None:
    """A change and a row of what is on hold, a file, a quote's order; each by who may not choose a date."""
    rep = world.service.headers("rep-1", "sales_rep")
    account = await world.account()
    lines = [{"sku": "CD-JAZZ", "quantity": 1, "unit_price": 100_000}]
    named = {"external_id": {"source": "shop", "id": "W-1"}}
    row = {**undated(world, account, **named), "place": True}
    await world.service.post("/v1/orders/batch", {"rows": [row]}, headers=rep)
    made = (await world.service.get("/v1/orders")).json()["items"]
    quote = await quoted(world, account)
    draft = (await world.service.post("/v1/orders", {"quote_id": quote}, headers=rep)).json()
    run = await imported(
        world, "orders", text_of(*IMPORTED, ["W-2", account["id"], "CNY", "CD-ROCK", "1", "500"]), **FILE
    )
    assert counts(run) == (1, 0, 0, 0)
    await world.service.deliver(refused(await world.order(made[0]["id"])))
    await wait(world)
    held = await world.order(made[0]["id"])
    changed = await world.service.patch(f"/v1/orders/{held['id']}", {"lines": lines}, held["version"], headers=rep)
    assert (changed.status_code, changed.json()["order_date"], changed.json()["placement"]) == (200, today(world), 2)
    await world.service.deliver(refused(changed.json()))
    await wait(world, 2)
    again = await world.service.post("/v1/orders/batch", {"rows": [row]}, headers=rep)
    assert again.json()["updated"] == 1, again.text
    assert (await world.order(held["id"]))["order_date"] == today(world)
    placed_quote = await world.service.post(f"/v1/orders/{draft['id']}/place", headers=rep)
    assert (placed_quote.status_code, placed_quote.json()["order_date"]) == (200, today(world)), placed_quote.text
    text = text_of(*IMPORTED, ["W-2", account["id"], "CNY", "CD-ROCK", "1", "500"])
    placing = {**FILE, "options": {**FILE["options"], "place": True}}
    assert counts(await imported(world, "orders", text, **placing)) == (0, 1, 0, 0)
    days = await world.service.rows("SELECT DISTINCT order_date, is_dated, state FROM orders")
    assert [tuple(map(str, day.values())) for day in days] == [(today(world), "False", "placed")]
