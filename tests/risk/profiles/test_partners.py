"""Partners that began to sell before risk heard of partners: the directory is filled from the log, and they have a
profile, each once."""

from __future__ import annotations

import asyncio

from kit.db.key_filler import KeyFiller
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.partners import PartnerActivated, PartnerApplied
from services.risk.profiles.handlers import fill_partners
from tests.risk.credit.test_partners import partner, path_of


async def fill(service: ServiceHarness) -> None:
    await KeyFiller(service.runtime.db, [fill_partners(service.runtime.settings)], batch=2).fill()


async def test_partners_of_before_have_a_profile(service: ServiceHarness) -> None:
    early, applied = [new_id() for _ in range(3)], new_id()
    kinds = [(PartnerActivated, each) for each in early] + [(PartnerApplied, applied)]
    await service.deliver(*(make_event(kind.TYPE, {**kind.EXAMPLE, "id": each}, each) for kind, each in kinds))
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM credit_profile")
    known = await partner(service, 5_000)
    await asyncio.gather(fill(service), fill(service))
    assert (await service.get(path_of(applied))).status_code == 404, "does not sell"
    for each in early:
        found = (await service.get(path_of(each))).json()
        assert (found["subject_kind"], found["credit_limit"], found["grade"], found["version"]) == (
            "partner",
            None,
            "NR",
            1,
        )
        answer = await service.patch(path_of(each), {"credit_limit": 700, "reason": "x"}, 1)
        assert answer.status_code == 200, answer.text
    await fill(service)
    assert (await service.get(path_of(early[0]))).json()["credit_limit"] == 700
    assert (await service.get(path_of(known))).json()["credit_limit"] == 5_000
