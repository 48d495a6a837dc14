"""Draws that tests open, and members that pay for tickets."""

from __future__ import annotations

from typing import Any

import httpx

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.points.test_points import adjusted, joined, programme
from tests.channels.quotes.offers import account

PATH = "/v1/points-draws"
DIRECTOR = ("director", "sales_director")
DRAW: dict[str, Any] = {
    "name": "Draw of spring",
    "price": 50,
    "currency": "CNY",
    "prizes": [
        {"code": "HEADSET", "name": "Headset", "weight": 1, "stock": 2, "value": 39_900},
        {"code": "MUG", "name": "Mug", "weight": 3, "stock": 500, "value": 1_200},
    ],
    "blanks": 4,
    "valid_from": "2020-01-01",
    "valid_to": "2099-12-31",
}


async def drafted(service: ServiceHarness, programme_id: str, **changes: Any) -> dict[str, Any]:
    sent = {"code": "SPRING", **DRAW, "points_programme_id": programme_id, **changes}
    answer = await service.post(PATH, sent)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def an_open_draw(service: ServiceHarness, programme_id: str, **changes: Any) -> dict[str, Any]:
    made = await drafted(service, programme_id, **changes)
    answer = await service.post(f"{PATH}/{made['id']}/open", headers=service.headers(*DIRECTOR))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def a_rich_member(service: ServiceHarness, programme_id: str, points: int = 1_000) -> str:
    """A member that has so many points."""
    member = await joined(service, programme_id, await account(service))
    assert (await adjusted(service, member, points)).status_code == 200
    return member


async def a_draw(service: ServiceHarness, points: int = 1_000, **changes: Any) -> tuple[dict[str, Any], str]:
    """An open draw, and a member that has points."""
    club = await programme(service, code=f"C-{new_id().hex[-12:]}")
    return await an_open_draw(service, club, **changes), await a_rich_member(service, club, points)


async def draw(service: ServiceHarness, made: dict[str, Any], member: str, **options: Any) -> httpx.Response:
    return await service.post(f"{PATH}/{made['id']}/draw", {"points_account_id": member}, **options)


async def closed(service: ServiceHarness, made: dict[str, Any]) -> dict[str, Any]:
    answer = await service.post(f"{PATH}/{made['id']}/close")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
