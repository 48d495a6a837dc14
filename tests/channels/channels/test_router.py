"""Channels: their tree, pilots, batches and what is said of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness, codes

SHOP = {"code": "shop-cn", "name": "Web shop China", "kind": "own_site", "is_direct": True, "regions": ["CN"]}
PATH = "/v1/channels"


async def made(service: ServiceHarness, code: str, **more: Any) -> dict[str, Any]:
    answer = await service.post(PATH, SHOP | {"code": code} | more)
    assert answer.status_code == 201, answer.text
    channel: dict[str, Any] = answer.json()
    return channel


async def put_below(service: ServiceHarness, channel: dict[str, Any], parent: dict[str, Any]) -> Any:
    return await service.patch(f"{PATH}/{channel['id']}", {"parent_id": parent["id"]}, version=channel["version"])


async def test_a_channel_never_stands_below_itself(service: ServiceHarness) -> None:
    top = await made(service, "all")
    middle = await made(service, "web", parent_id=top["id"])
    leaf = await made(service, "web-cn", parent_id=middle["id"])
    for parent in (top, middle, leaf):
        refused = await put_below(service, top, parent)
        assert (refused.status_code, refused.json()["code"]) == (422, "channel-cycle")
        assert codes(refused.json()) == ["/parent_id"]
    freed = await service.patch(f"{PATH}/{middle['id']}", {"parent_id": None}, version=1)
    assert freed.json()["parent_id"] is None
    assert (await put_below(service, top, leaf)).status_code == 200


async def test_two_at_once_close_no_circle(service: ServiceHarness) -> None:
    for number in range(8):
        one, other = await made(service, f"a-{number}"), await made(service, f"b-{number}")
        answers = await asyncio.gather(put_below(service, one, other), put_below(service, other, one))
        assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_an_unknown_parent_is_named(service: ServiceHarness) -> None:
    nobody = "01989f2e-0000-7000-8000-0000000000ff"
    refused = await service.post(PATH, SHOP | {"parent_id": nobody})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-reference")
    assert codes(refused.json()) == ["/parent_id"]
    channel = await made(service, "shop")
    again = await service.patch(f"{PATH}/{channel['id']}", {"parent_id": nobody}, version=1)
    assert codes(again.json()) == ["/parent_id"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"kind": "pigeon"}, "/kind"),
        ({"is_direct": None}, "/is_direct"),
        ({"regions": ["CN", "CN"]}, "/regions"),
        ({"pilot_from": "2026-03-01"}, "/pilot_to"),
        ({"pilot_to": "2026-03-01"}, "/pilot_from"),
        ({"pilot_from": "2026-03-02", "pilot_to": "2026-03-01"}, "/pilot_to"),
        ({"state": "archived"}, "/state"),
        ({"name": "\u202e"}, "/name"),
    ],
)
async def test_a_malformed_channel_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], pointer: str
) -> None:
    answer = await service.post(PATH, SHOP | changes)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_a_pilot_is_checked_as_it_will_stand(service: ServiceHarness) -> None:
    channel = await made(service, "shop", pilot_from="2026-03-01", pilot_to="2026-05-31", pilot_goals="Ten a day")
    url = f"{PATH}/{channel['id']}"
    assert codes((await service.patch(url, {"pilot_to": "2026-02-28"}, version=1)).json()) == ["/pilot_to"]
    assert codes((await service.patch(url, {"pilot_from": None}, version=1)).json()) == ["/pilot_from"]
    ended = await service.patch(url, {"pilot_from": None, "pilot_to": None, "pilot_goals": None}, version=1)
    assert (ended.json()["pilot_from"], ended.json()["version"]) == (None, 2)


async def test_what_is_said_of_a_channel(service: ServiceHarness) -> None:
    channel = await made(service, "shop", pilot_from="2026-03-01", pilot_to="2026-05-31", pilot_goals="Secret plan")
    await service.post(f"{PATH}/{channel['id']}/archive")
    await service.post(f"{PATH}/{channel['id']}/restore")
    said = [event.payload for event in await service.published()]
    assert [one["is_active"] for one in said] == [True, False, True]
    assert [one["version"] for one in said] == [1, 2, 3]
    assert not any("Secret" in str(one) for one in said)


async def test_a_batch_leaves_parents_and_pilots(service: ServiceHarness) -> None:
    top = await made(service, "all")
    channel = await made(service, "web", parent_id=top["id"])
    rows = [SHOP | {"code": "WEB", "name": "The web"}, SHOP | {"code": "new"}, SHOP | {"code": "new"}]
    answer = (await service.post(f"{PATH}/batch", {"rows": rows})).json()
    assert [row["status"] for row in answer["results"]] == ["updated", "created", "problem"]
    after = (await service.get(f"{PATH}/{channel['id']}")).json()
    assert (after["name"], after["parent_id"]) == ("The web", top["id"])
