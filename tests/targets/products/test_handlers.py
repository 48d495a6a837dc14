"""The product directory: the line of each product as channels told it last."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from kit.events.bus import Message
from kit.events.envelope import Event, to_headers, topic_of
from kit.events.handlers import Fact
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.targets.events_in.channels import ProductHeard
from services.targets.products.handlers import project_product

Q1 = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
TYPE = "channels.product.changed.v1"


def product(line: str, version: int = 1, key: object | None = None) -> dict[str, Any]:
    return {"id": key or new_id(), "sku": "S", "product_line": line, "is_active": True, "version": version}


async def lines(service: ServiceHarness) -> list[str]:
    return [row["product_line"] for row in await service.rows("SELECT product_line FROM product_directory ORDER BY 1")]


async def test_a_line_is_known_as_long_as_a_product_has_it(service: ServiceHarness) -> None:
    wanted = {**Q1, "product_line": "rock"}
    early = await service.post("/v1/targets", wanted)
    assert (early.status_code, early.json()["code"], early.json()["retryable"]) == (422, "unknown-reference", True)
    first = product("rock")
    await service.deliver(make_event(TYPE, first, first["id"]), make_event(TYPE, product("jazz"), new_id()))
    target = await service.post("/v1/targets", wanted)
    assert target.status_code == 201, target.text
    moved = product("metal", 2, first["id"])
    await service.deliver(make_event(TYPE, moved, moved["id"], sequence=2))
    assert await lines(service) == ["jazz", "metal"]
    assert (await service.post("/v1/targets", wanted)).status_code == 422
    path = f"/v1/targets/{target.json()['id']}"
    assert (await service.post(f"{path}/decompositions", {"dimension": "month"})).status_code == 201, (
        "it runs to its end"
    )


async def test_twice_late_and_out_of_order(service: ServiceHarness) -> None:
    """As a filling meets them: what is later stays."""
    key = new_id()
    facts = [
        Fact(make_event(TYPE, one, key, sequence=one["version"]), ProductHeard.model_validate(one))
        for one in (product("new", 3, key), product("old", 2, key))
    ]
    for fact in (facts[0], facts[1], facts[0]):
        async with service.transaction() as tx:
            await project_product(tx, [fact])
    assert await lines(service) == ["new"]


async def test_nothing_is_refused_as_unknown_while_the_directory_is_filled(service: ServiceHarness) -> None:
    async with service.transaction() as tx:
        await tx.execute(
            "INSERT INTO projection_state (name, version, state) VALUES ('product_directory', 1, 'building')"
        )
    answer = await service.post("/v1/targets", {**Q1, "product_line": "rock"})
    assert (answer.status_code, answer.json()["code"]) == (503, "projection-building")
    assert (await service.post("/v1/targets", Q1)).status_code == 201


async def test_a_rebuild_gives_the_same_rows(service: ServiceHarness) -> None:
    first = product("rock")
    events = [make_event(TYPE, first, first["id"]), make_event(TYPE, product("jazz"), new_id())]
    events.append(make_event(TYPE, product("metal", 2, first["id"]), first["id"], sequence=2))
    await service.deliver(*events)
    runtime = service.runtime
    await runtime.bus.start()
    await runtime.bus.ensure_topics([topic_of("channels"), topic_of("targets")])
    await runtime.bus.publish(topic_of("channels"), [message(event) for event in events])
    report = await rebuild(runtime.db, runtime.bus, service.subscriptions, "product_directory", swap=True)
    await runtime.bus.stop()
    assert report.equal, report.as_dict()
    assert (report.events, await lines(service)) == (3, ["jazz", "metal"])


def message(event: Event) -> Message:
    return Message(key=event.key, value=event.data, headers=tuple(to_headers(event)))


async def test_a_value_in_another_spelling_is_told_its_own(service: ServiceHarness) -> None:
    """Wherever a target, its children, a figure or an observation names one."""
    await service.deliver(*(make_event(TYPE, product(line), new_id()) for line in ("Rock", "rock-hard", "jazz")))
    target = (await service.post("/v1/targets", Q1)).json()
    observed = {
        **{"external_id": "O-1", "kind": "size", "value": 1, "source": "press", "observed_on": "2026-04-02"},
        **{"period_start": "2026-01-01", "period_end": "2026-03-31"},
    }
    for name, wrong, meant in [
        ("product_line", "ROCK", "Rock"),
        ("product_line", "Rock-Hard", "rock-hard"),
        ("product_line", "roc", None),
        ("region", "cn-sh", "CN-SH"),
        ("region", "ＣＮ－ＳＨ", "CN-SH"),
        ("region", "CN\u2013BJ ", "CN-BJ"),
        ("region", "CN-31", "CN-SH"),
        ("region", "CN-99", None),
    ]:
        split = {"dimension": name, "children": [{"key": wrong}]}
        answers = [
            await service.post("/v1/targets", {**Q1, name: wrong}),
            await service.post(f"/v1/targets/{target['id']}/decompositions", split),
            await service.post("/v1/observations", {**observed, name: wrong}),
            await service.get(f"/v1/attainment?{name}={quote(wrong)}"),
        ]
        for answer in answers:
            assert answer.status_code == 422, answer.text
            detail = answer.json()["errors"][0]["detail"]
            assert detail.endswith(f"; expected {meant}") if meant else "expected" not in detail, answer.text
    for line in ("Rock", "rock-hard"):
        assert (await service.post("/v1/targets", {**Q1, "product_line": line})).status_code == 201
