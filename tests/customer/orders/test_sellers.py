"""Who is credited once a seller has left: nobody names them any more, and their accounts credit who leads there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import clock
from kit.ids import derived_id
from kit.testing.service import codes, make_event
from services.customer.orders.references import References, SellerLeft, has_ended
from tests.customer.cases.conftest import unit
from tests.customer.conftest import MANAGER, OTHER_REP, REP_1, REP_2, UNITS, World, member, refused

COMPANY, NORTH, SOUTH, TEAM = UNITS
BOSS = derived_id("member", "boss")
EVERYTHING = 1_000_000


def business_day(world: World) -> date:
    return clock.business_date(world.service.runtime.settings.timezone)


async def leave(world: World, who: UUID, path: list[UUID], day: date) -> None:
    """The member's only membership ends before a day."""
    ended = {"unit_id": path[-1], "path": path, "valid_from": "2020-01-01", "valid_to": day.isoformat()}
    gone = member(who, str(who), path, memberships=[ended], version=2)
    await world.service.deliver(make_event("targets.member.left.v1", gone, "organisation", sequence=2))


async def leads(world: World, **of: UUID | None) -> None:
    """Who leads the company, the north and its team."""
    paths = {"company": [COMPANY], "north": [COMPANY, NORTH], "team": [COMPANY, NORTH, TEAM]}
    await world.service.deliver(*(unit(paths[name][-1], paths[name], lead, 1) for name, lead in of.items()))


def half(*sellers: UUID) -> list[dict[str, Any]]:
    return [{"member_id": str(seller), "share": EVERYTHING // len(sellers)} for seller in sellers]


def credited(order: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["member_id"], one["share"]) for one in order["credits"]]


# a split that was entered


async def test_who_has_left_by_the_day_of_the_order_is_named_in_no_split(world: World) -> None:
    account, day = await world.account(owner_id=str(OTHER_REP)), business_day(world)
    await leave(world, REP_2, [COMPANY, NORTH, TEAM], day)
    shares = half(REP_1, REP_2)
    for given_day in (day.isoformat(), None):
        body = world.order_body(account, credits=shares, order_date=given_day)
        answer = await world.service.post("/v1/orders", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "seller-left"), answer.text
        assert codes(answer.json()) == ["/credits/1/member_id"]
    row = body | {"external_id": {"source": "shop", "id": "1"}}
    answer = await world.service.post("/v1/orders/batch", {"rows": [row]})
    (problem,) = [one["problem"] for one in answer.json()["results"]]
    assert (problem["code"], codes(problem)) == ("seller-left", ["/rows/0/credits/1/member_id"])
    before = (day - timedelta(days=1)).isoformat()
    order = await world.placed(account, credits=shares, order_date=before)
    assert credited(order) == [(str(REP_1), 500_000), (str(REP_2), 500_000)], "they were there then"
    answer = await world.service.post("/v1/orders", world.order_body(account, credits=half(derived_id("member", "x"))))
    assert answer.json()["code"] == "unknown-reference", "whoever was never there"


@pytest.mark.parametrize("is_held", [False, True])
async def test_a_split_of_before_names_them_when_it_is_placed_again(world: World, is_held: bool) -> None:
    account = await world.account(owner_id=str(OTHER_REP))
    order = await world.draft(account, credits=half(REP_1), order_date=None)
    path = f"/v1/orders/{order['id']}"
    if is_held:
        order = (await world.service.post(f"{path}/place")).json()
        await world.service.deliver(refused(order))
        order = await world.order(order["id"])
    await leave(world, REP_1, [COMPANY, NORTH, TEAM], business_day(world))
    for answer in (
        await world.service.post(f"{path}/place"),
        await world.service.patch(path, {"payment_terms_days": 7}, order["version"]),
    ):
        assert (answer.status_code, codes(answer.json())) == (422, ["/credits/0/member_id"]), answer.text
    assert await world.order(order["id"]) == order
    answer = await world.service.patch(path, {"credits": half(REP_2)}, order["version"])
    assert (answer.status_code, credited(answer.json())) == (200, [(str(REP_2), EVERYTHING)]), answer.text


# no split: an account of somebody who left


async def test_orders_of_their_accounts_credit_who_leads_where_they_were(world: World) -> None:
    account, day = await world.account(owner_id=str(REP_1)), business_day(world)
    await leads(world, company=BOSS, north=MANAGER, team=REP_1)
    order = await world.draft(account, credits=[], order_date=None)
    assert credited(order) == [(str(REP_1), EVERYTHING)]
    await leave(world, REP_1, [COMPANY, NORTH, TEAM], day)
    placed = (await world.service.post(f"/v1/orders/{order['id']}/place")).json()
    assert credited(placed) == [(str(MANAGER), EVERYTHING)], "nobody leads themselves"
    assert placed["owner_id"] == str(REP_1), "the account is still theirs"
    (said,) = await world.service.published("customer.order.placed.v1")
    assert said.payload["credits"] == [{"member_id": str(MANAGER), "share": EVERYTHING}]
    rows = [{**world.order_body(account, credits=[], order_date=None), "external_id": {"source": "shop", "id": "1"}}]
    made = (await world.service.post("/v1/orders/batch", {"rows": rows})).json()["results"][0]["id"]
    assert credited(await world.order(made)) == [(str(MANAGER), EVERYTHING)]
    early = await world.placed(account, credits=[], order_date=(day - timedelta(days=1)).isoformat())
    assert credited(early) == [(str(REP_1), EVERYTHING)], "they were there then"


async def test_a_lead_who_has_left_too_is_passed_over(world: World) -> None:
    account, day = await world.account(owner_id=str(REP_1)), business_day(world)
    await leave(world, REP_1, [COMPANY, NORTH, TEAM], day)
    alone = await world.draft(account, credits=[], order_date=None)
    assert credited(alone) == [(str(REP_1), EVERYTHING)], "nobody leads there"
    await leads(world, company=OTHER_REP, north=MANAGER, team=None)
    await leave(world, MANAGER, [COMPANY, NORTH], day)
    placed = (await world.service.post(f"/v1/orders/{alone['id']}/place")).json()
    assert credited(placed) == [(str(OTHER_REP), EVERYTHING)]


async def test_it_waits_for_the_leads_to_be_known(world: World) -> None:
    account = await world.account(owner_id=str(REP_1))
    await leave(world, REP_1, [COMPANY, NORTH, TEAM], business_day(world))
    async with world.service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('unit_lead', 1, 'building')")
    answer = await world.service.post("/v1/orders", world.order_body(account, credits=[], order_date=None))
    assert answer.status_code == 503, answer.text
    theirs = await world.account(owner_id=str(REP_2))
    answer = await world.service.post("/v1/orders", world.order_body(theirs, credits=[], order_date=None))
    assert answer.status_code == 201, answer.text


# any memberships

days = st.dates(date(2026, 1, 1), date(2026, 1, 12))
WHO = [derived_id("seller", number) for number in range(4)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[tuple[UUID, date, date | None], ...]:
    """Memberships of up to four sellers, one after the other; the last may be open."""
    found = []
    for seller in WHO:
        bounds = sorted(draw(st.sets(days, max_size=5)))
        for first, until in zip(bounds[::2], [*bounds[1::2], None], strict=False):
            found.append((seller, first, until))
    return tuple(sorted(found, key=lambda one: one[1]))


@given(histories(), st.lists(st.sampled_from(WHO[1:]), max_size=3), days)
def test_who_is_credited_is_there_wherever_somebody_leads(
    memberships: tuple[tuple[UUID, date, date | None], ...], above: list[UUID], day: date
) -> None:
    owner = WHO[0]
    refs = References(
        products={},
        costs={},
        partners={},
        channels={},
        promotions=frozenset(),
        contacts={},
        quotes={},
        memberships=memberships,
        above=tuple((owner, first, lead) for seller, first, _ in memberships if seller == owner for lead in above),
        rates=(),
        earlier=(),
        terms={},
        bought=frozenset(),
    )
    there = {seller for seller, first, until in memberships if first <= day and not has_ended((first, until), day)}
    begun = {seller for seller, first, _ in memberships if first <= day}
    found = refs.credited(owner, day)
    if owner in there or owner not in begun:
        assert found == owner
    else:
        assert found == next((lead for lead in above if lead in there), owner)
    for seller in WHO:
        if seller in begun - there:
            with pytest.raises(SellerLeft):
                refs.check_there([seller], day)
        else:
            refs.check_there([seller], day)
