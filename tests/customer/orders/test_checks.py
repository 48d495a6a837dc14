"""Checks of a placement: whatever their number and whatever order their answers come in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.testing.service import make_event
from kit.work import system_work
from services.customer.orders.decisions import Answer, apply_answers
from services.customer.orders.enums import AnswerKind, CheckKind, CheckState, Decision, OrderState
from services.customer.orders.rules import decide_answer
from tests.customer.conftest import World, refused, reserved

Given = tuple[CheckKind, AnswerKind, Decision]
CREDIT, TERMS = CheckKind.CREDIT, CheckKind.TERMS
PASS, REFUSE, RELEASE = AnswerKind.RESERVED, AnswerKind.REFUSED, AnswerKind.RELEASED
AUTOMATIC, OVERRIDE = Decision.AUTOMATIC, Decision.OVERRIDE
asked = st.sets(st.sampled_from(CheckKind), min_size=1)
answers = st.lists(
    st.tuples(st.sampled_from(CheckKind), st.sampled_from(AnswerKind), st.sampled_from(Decision)), max_size=8
)


def worked(kinds: Iterable[CheckKind], said: Iterable[Given]) -> list[tuple[OrderState, dict[CheckKind, CheckState]]]:
    """The order and its checks at the beginning and after each answer."""
    state, checks = OrderState.PLACED, dict.fromkeys(kinds, CheckState.PENDING)
    seen = [(state, dict(checks))]
    for kind, answer, decision in said:
        if (decided := decide_answer(state, checks, kind, answer, decision)) is not None:
            checks[kind], state = decided
        seen.append((state, dict(checks)))
    return seen


@given(asked, answers)
def test_no_way_to_confirmed_avoids_a_check(kinds: set[CheckKind], said: list[Given]) -> None:
    was_refused = False
    for state, checks in worked(kinds, said):
        states = set(checks.values())
        was_refused |= bool(states & {CheckState.REFUSED, CheckState.DROPPED})
        if states == {CheckState.PASSED}:
            assert state is OrderState.CONFIRMED
        else:
            assert state is (OrderState.ON_HOLD if was_refused else OrderState.PLACED)
        assert checks.keys() == kinds, "nobody answers what was not asked"


@given(asked, answers, st.data())
def test_what_comes_twice_or_after_the_end_changes_nothing(
    kinds: set[CheckKind], said: list[Given], data: st.DataObject
) -> None:
    once = worked(kinds, said)[-1]
    repeated = [each for each in said for _ in range(data.draw(st.integers(1, 3)))]
    assert worked(kinds, repeated)[-1] == once
    if once[0] is OrderState.CONFIRMED:
        assert worked(kinds, [*said, *data.draw(answers)])[-1] == once


def test_the_order_of_the_answers_does_not_matter() -> None:
    passed = [(CREDIT, PASS, AUTOMATIC), (TERMS, PASS, AUTOMATIC)]
    overridden = [(CREDIT, REFUSE, AUTOMATIC), (TERMS, PASS, AUTOMATIC), (CREDIT, PASS, OVERRIDE)]
    for turn in permutations(passed):
        assert worked(CheckKind, turn)[-1][0] is OrderState.CONFIRMED
    for turn in permutations(overridden):
        if turn.index(overridden[0]) < turn.index(overridden[2]):
            assert worked(CheckKind, turn)[-1][0] is OrderState.CONFIRMED, "also from hold"
    for turn in permutations([(CREDIT, PASS, AUTOMATIC), (TERMS, REFUSE, AUTOMATIC)]):
        assert worked(CheckKind, [*turn, (TERMS, PASS, OVERRIDE)])[-1][0] is OrderState.ON_HOLD, "terms stay refused"


@pytest.mark.parametrize(
    "state", [state for state in OrderState if state not in (OrderState.PLACED, OrderState.ON_HOLD)]
)
def test_answers_count_while_the_order_waits_for_them(state: OrderState) -> None:
    for answer in AnswerKind:
        assert decide_answer(state, {CREDIT: CheckState.PENDING}, CREDIT, answer, OVERRIDE) is None


def test_a_release_counts_on_hold_only_and_drops_what_terms_held() -> None:
    released = (TERMS, RELEASE, AUTOMATIC)
    assert worked(CheckKind, [(TERMS, PASS, AUTOMATIC), released])[-1][1][TERMS] is CheckState.PASSED
    held: list[Given] = [(TERMS, PASS, AUTOMATIC), (CREDIT, REFUSE, AUTOMATIC), released]
    assert worked(CheckKind, held)[-1] == (
        OrderState.ON_HOLD,
        {CREDIT: CheckState.REFUSED, TERMS: CheckState.DROPPED},
    )
    late: list[Given] = [*held, (TERMS, PASS, AUTOMATIC), (CREDIT, PASS, OVERRIDE)]
    assert worked(CheckKind, late)[-1][0] is OrderState.ON_HOLD, "nothing is reserved any more"
    assert worked({CREDIT}, [(CREDIT, REFUSE, AUTOMATIC), (CREDIT, RELEASE, AUTOMATIC)])[-1][1][CREDIT] is (
        CheckState.REFUSED
    )


async def _with_terms(world: World) -> dict[str, Any]:
    """A placed order that waits for credit and terms."""
    order = await world.placed()
    async with world.service.transaction() as tx:
        await tx.execute(
            "INSERT INTO order_check (order_id, placement, kind, state) VALUES ($1, $2, 'terms', 'pending')",
            UUID(order["id"]),
            order["placement"],
        )
    return order


async def _terms(
    world: World, order: dict[str, Any], kind: AnswerKind, reason: str | None = None, cause: str | None = None
) -> None:
    event = make_event("channels.terms.v1", {}, order["stream_key"], subject=order["id"])
    answer = Answer(event, UUID(order["id"]), order["placement"], TERMS, kind, reason=reason, cause=cause)
    async with world.service.transaction() as tx:
        await apply_answers(system_work(tx, "customer", world.service.runtime.settings), [answer])


@pytest.mark.parametrize("terms_first", [True, False])
async def test_an_order_waits_for_all_its_checks(world: World, terms_first: bool) -> None:
    order = await _with_terms(world)
    if terms_first:
        await _terms(world, order, PASS)
    else:
        await world.service.deliver(reserved(order))
    waiting = await world.order(order["id"])
    assert (waiting["state"], waiting["version"]) == ("placed", order["version"] + 1)
    assert await world.service.published("customer.order.confirmed.v1") == []
    if terms_first:
        await world.service.deliver(reserved(order))
    else:
        await _terms(world, order, PASS)
    confirmed = await world.order(order["id"])
    assert confirmed["state"] == "confirmed"
    assert {check["kind"]: check["state"] for check in confirmed["checks"]} == {"credit": "passed", "terms": "passed"}
    (event,) = await world.service.published("customer.order.confirmed.v1")
    assert event.sequence == confirmed["version"]


async def test_a_refusal_keeps_its_cause(world: World) -> None:
    order = await _with_terms(world)
    await world.service.deliver(refused(order, cause="deposit_missing"))
    await _terms(world, order, REFUSE, "quote_changed", "line_2")
    found = {check["kind"]: check for check in (await world.order(order["id"]))["checks"]}
    assert [(found[kind]["reason"], found[kind]["cause"]) for kind in ("credit", "terms")] == [
        ("limit_exceeded", "deposit_missing"),
        ("quote_changed", "line_2"),
    ]
    said = [event.payload for event in await world.service.published("customer.order.held.v1")]
    assert [(one["reason"], one["cause"]) for one in said] == [
        ("limit_exceeded", "deposit_missing"),
        ("quote_changed", "line_2"),
    ]


async def test_each_refusal_and_a_release_are_announced(world: World) -> None:
    order = await _with_terms(world)
    await _terms(world, order, PASS)
    await world.service.deliver(refused(order), refused(order))
    await _terms(world, order, RELEASE, "released")
    await world.service.deliver(reserved(order, decision="override"))
    held = await world.order(order["id"])
    assert held["state"] == "on_hold", "an override confirms nothing that is not reserved"
    events = await world.service.published("customer.order.held.v1")
    found = [(e.payload["check"], e.payload["placement"], e.payload["reason"], e.payload["shortfall"]) for e in events]
    assert found == [("credit", 1, "limit_exceeded", 64), ("terms", 1, "released", 0)]
    again = (await world.service.post(f"/v1/orders/{order['id']}/place")).json()
    await _terms(world, order, PASS)
    await world.service.deliver(reserved(order, placement=1, decision="override"))
    assert (await world.order(order["id"]))["state"] == "placed", "answers to an earlier placement"
    await world.service.deliver(reserved(again))
    assert (await world.order(order["id"]))["state"] == "confirmed"
    placed = await world.service.published("customer.order.placed.v1")
    assert [event.payload["checks"] for event in placed] == [["credit"], ["credit"]]
