"""Levels of partners are derived again from the figures that evaluations keep."""

from __future__ import annotations

import pytest

from kit.testing.service import ServiceHarness
from tests.channels.conftest import Days
from tests.channels.rebates.test_laws import logged, wrong_findings
from tests.channels.tier_evaluations.ranked import (
    NEXT,
    PATH,
    a_programme,
    director,
    evaluated,
    published,
    seller,
    sold,
)

__all__ = ["logged"]


async def a_year(service: ServiceHarness, days: Days) -> None:
    """A partner that was found gold and then fails, and one that an appeal has raised after the publication."""
    programme, one, other = await a_programme(service), await seller(service), await seller(service)
    await sold(service, one, 100_000_000, "2026-01-05")
    await sold(service, other, 1_000_000, "2026-01-05")
    days.on("2026-04-02")
    made = await published(service, await evaluated(service, programme), "2026-04-03")
    path = f"{PATH}/{made['id']}/results/{other}"
    assert (await service.post(f"{path}/appeal", {"reason": "Nearly there."})).status_code == 200
    decided = {"is_upheld": True, "level": "silver", "note": "Agreed."}
    answer = await service.post(f"{path}/decide", decided, headers=director(service))
    assert answer.status_code == 200, answer.text
    days.on("2026-07-02")
    await published(service, await evaluated(service, programme, NEXT), "2026-07-03")


async def test_what_was_found_and_decided_is_not_found(logged: ServiceHarness, days: Days) -> None:
    await a_year(logged, days)
    assert await wrong_findings(logged) == []


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE tier_result SET revenue = revenue + 1 WHERE revenue = 100000000", "what shows them"),
        ("UPDATE tier_result SET found_level = 'silver' WHERE found_level = 'gold'", "follow from their figures"),
        ("UPDATE tier_result SET failures = 0 WHERE failures = 1", "follow from their figures"),
        ("UPDATE tier_result SET missing = '[]' WHERE missing <> '[]'", "follow from their figures"),
        ("UPDATE partner_tier SET level = 'silver', rank = 2 WHERE level = 'gold'", "found and decided"),
        ("DELETE FROM partner_tier WHERE is_correction", "found and decided"),
        ("UPDATE partner_tier SET is_live = false WHERE tier_version = 1", "found and decided"),
        ("UPDATE tier_evaluation SET partners = 3", "found and decided"),
    ],
)
async def test_what_was_changed_by_hand_is_found(logged: ServiceHarness, days: Days, damage: str, found: str) -> None:
    await a_year(logged, days)
    async with logged.transaction() as tx:
        assert await tx.execute(damage) >= 1
    wrong = await wrong_findings(logged)
    assert any(found in one for one in wrong), wrong
