"""The key of hashes changes: tax ids are found and stay unique once they were hashed anew."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from kit.testing.service import ServiceHarness
from services.channels.keys import fill_index, left_to_fill
from tests.channels.partners.identified import BANK, PATH, body, made, uscc


def set_key(service: ServiceHarness, value: str) -> None:
    """The process is one with this key."""
    service.runtime.settings.identity_key = SecretStr(value * 32)


@pytest.fixture
def keyed(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> ServiceHarness:
    monkeypatch.setattr(service.runtime.settings, "identity_key", SecretStr("a" * 32))
    return service


async def found(service: ServiceHarness, tax_id: str) -> list[str]:
    answer = await service.get(f"{PATH}?tax_id={tax_id}")
    assert answer.status_code == 200, answer.text
    return [one["code"] for one in answer.json()["items"]]


async def test_tax_ids_are_hashed_anew(keyed: ServiceHarness) -> None:
    for number in range(7):
        await made(keyed, f"P-{number}", country="CN", tax_id=uscc(number), bank=BANK)
    await made(keyed, "PLAIN")
    assert not await left_to_fill(keyed.runtime)
    set_key(keyed, "b")
    assert await found(keyed, uscc(3)) == []
    assert await left_to_fill(keyed.runtime)
    assert await fill_index(keyed.runtime, batch=3) == 7
    assert await found(keyed, uscc(3)) == ["P-3"]
    assert not await left_to_fill(keyed.runtime)
    assert await fill_index(keyed.runtime, batch=3) == 0
    again = await keyed.post(PATH, body("AGAIN", country="CN", tax_id=uscc(3)))
    assert (again.status_code, again.json()["code"]) == (409, "duplicate-partner")


async def test_one_that_another_has_by_now_stays_and_stops_nobody(keyed: ServiceHarness) -> None:
    """Between the new key and the hashing anew the same tax id could be given twice."""
    await made(keyed, "OLD", country="CN", tax_id=uscc(1))
    await made(keyed, "OTHER", country="CN", tax_id=uscc(2))
    set_key(keyed, "b")
    await made(keyed, "NEW", country="CN", tax_id=uscc(1))
    assert await fill_index(keyed.runtime) == 1
    assert await found(keyed, uscc(1)) == ["NEW"]
    assert await found(keyed, uscc(2)) == ["OTHER"]
    assert await left_to_fill(keyed.runtime), "one of the two is to be corrected"
