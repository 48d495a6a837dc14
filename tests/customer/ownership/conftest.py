"""A company of north and south, and accounts that go from one to the other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.ids import derived_id
from kit.testing.service import make_event
from tests.customer.conftest import OTHER_REP, UNITS, World, member

MANAGER_SOUTH = derived_id("member", 4)


@pytest.fixture
async def south(world: World) -> World:
    """A manager of the south as well."""
    company, _, south, _ = UNITS
    joined = member(MANAGER_SOUTH, "manager-south", [company, south])
    await world.service.deliver(make_event("targets.member.joined.v1", joined, "organisation"))
    return world


def as_(world: World, subject: str) -> dict[str, str]:
    return world.service.headers(subject, "sales_manager" if subject.startswith("manager") else "sales_rep")


async def hand_over(world: World, account: dict[str, Any], to: UUID = OTHER_REP) -> None:
    answer = await world.service.post(f"/v1/accounts/{account['id']}/transfer", {"owner_id": str(to)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["owner_id"] == str(to)
