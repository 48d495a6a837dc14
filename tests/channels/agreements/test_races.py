"""Many sign at once for the same cells, however those are written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness
from services.channels.events_out.agreements import AgreementSigned
from tests.channels.agreements.signed import PATH, a_partner, director, proposed, sign, signed
from tests.channels.conftest import Days

TERRITORIES = (["CN-SH"], ["cn"], ["CN-ZJ", "cn-sh"], ["Cn-Sh-01", "CN-SH"], ["CN", "CN-SH"])
LINES: tuple[list[str], ...] = (["Rock"], ["ROCK", "jazz"], [], ["rock"])
MODES = ("offline", "all")
KINDS = ("sole", "exclusive")


@pytest.mark.parametrize("has_open_ones", [False, True])
async def test_of_fifty_at_once_in_other_spellings_one_holds(service: ServiceHarness, has_open_ones: bool) -> None:
    """Regions and lines in upper and lower case and within one another, all ways of selling; beside them some that ask
    for nothing of their own, of which none stands beside one that does."""
    for line in ("rock", "jazz"):
        await service.post("/v1/products", {"sku": f"CD-{line}", "name": line, "product_line": line})
    kinds = (*KINDS, "none") if has_open_ones else KINDS
    paths = [
        await proposed(
            service,
            territory=TERRITORIES[n % 5],
            product_lines=LINES[n % 4],
            mode=MODES[n % 2],
            exclusivity=kinds[n % len(kinds)],
        )
        for n in range(50)
    ]
    answers = await asyncio.gather(*(sign(service, path) for path in paths))
    held = {answer.json()["number"]: answer.json()["exclusivity"] for answer in answers if answer.status_code == 200}
    guarded = [number for number, exclusivity in held.items() if exclusivity != "none"]
    assert len(guarded) <= 1
    assert len(held) == 1 if guarded else set(held.values()) == {"none"}
    refused = [answer.json() for answer in answers if answer.status_code != 200]
    assert {one["code"] for one in refused} == {"exclusivity-overlap"}
    assert {one["number"] for one in refused} <= set(held), "each is told by whom"
    assert len(await service.published(AgreementSigned.TYPE)) == len(held)


async def test_of_fifty_amended_at_once_into_one_cell_one_holds(service: ServiceHarness) -> None:
    """What was signed somewhere else does not pass by the detour of its next version."""
    paths = [await signed(service, territory=[f"JP-{n}"]) for n in range(10, 60)]
    bodies = [{"valid_from": "2026-07-01", "territory": [("CN-SH", "cn-sh", "CN")[n % 3]]} for n in range(50)]
    drafts = [await service.post(f"{path}/amend", body) for path, body in zip(paths, bodies, strict=True)]
    ways = [f"{PATH}/{draft.json()['id']}" for draft in drafts]
    for way in ways:
        assert (await service.post(f"{way}/propose")).status_code == 200
    answers = await asyncio.gather(*(sign(service, way) for way in ways))
    held = [answer.json() for answer in answers if answer.status_code == 200]
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert (len(held), len(refused)) == (1, 49)
    assert {(one["code"], one["number"]) for one in refused} == {("exclusivity-overlap", held[0]["number"])}
    lost = next(n for n, answer in enumerate(answers) if answer.status_code == 409)
    assert (await service.get(paths[lost])).json()["ends_on"] == "2026-12-31", "the version before goes on"


async def test_what_was_given_up_is_not_taken_up_behind_another(service: ServiceHarness, days: Days) -> None:
    """A renewal after the end, a next version of what was terminated: both meet who holds the cell by then."""
    days.on("2026-06-20")
    who: dict[str, Any] = await a_partner(service)
    first = await signed(service, **who, valid_to="2026-06-30")
    other = await signed(service, valid_from="2026-07-01")
    renewal = await service.post(f"{first}/renew", {"valid_to": "2026-12-31"})
    number = (await service.get(other)).json()["number"]
    assert (renewal.status_code, renewal.json()["code"], renewal.json()["number"]) == (
        409,
        "exclusivity-overlap",
        number,
    )
    ended = await service.post(f"{other}/terminate", {"reason": "breach", "for_cause": True}, headers=director(service))
    assert ended.status_code == 200, ended.text
    amended = await service.post(f"{other}/amend", {"valid_from": "2026-09-01"})
    assert (amended.status_code, amended.json()["code"]) == (409, "agreement-state")
    again = await service.post(f"{first}/renew", {"valid_to": "2026-12-31"})
    assert again.status_code == 201, again.text
