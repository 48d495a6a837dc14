"""A survey, contacts who allow to be asked, and a clock that stands where the test puts it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
import pytest

from kit.due.due import AnyDue
from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.customer.lifecycle.dues import LIFECYCLE_DUE, MARKS_DUE
from services.customer.satisfaction.dues import SATISFACTION_DUE, SATISFACTION_MARKS_DUE
from tests.customer.accounts.conftest import Days, days
from tests.customer.cases.conftest import at, hear_units
from tests.customer.conftest import World

__all__ = ["Days", "Forms", "at", "days", "forms"]

NOON = at("03-02 12:00")


class Clock(Protocol):
    """A clock that is put."""

    moment: datetime


class Forms:
    """The service, its clock, and what most tests of surveys do first."""

    def __init__(self, world: World, days: Clock) -> None:
        self.world, self.service, self.days = world, world.service, days
        self._contacts = 0

    def after(self, **time: float) -> None:
        """Let time pass."""
        self.days.moment += timedelta(**time)

    async def survey(self, kind: str = "nps", **fields: Any) -> dict[str, Any]:
        """A survey."""
        answer = await self.service.post("/v1/surveys", {"name": f"How were we ({kind})?", "kind": kind, **fields})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def contact(
        self, account: dict[str, Any] | None = None, *, allows: tuple[str, ...] = ("email",), **fields: Any
    ) -> dict[str, Any]:
        """A contact who may be asked by some channels."""
        self._contacts += 1
        of = (account or await self.world.account())["id"]
        emails = [{"value": f"li{self._contacts}@harbour.example"}]
        answer = await self.service.post(
            "/v1/contacts", {"account_id": of, "name": f"Li {self._contacts}", "emails": emails, **fields}
        )
        assert answer.status_code == 201, answer.text
        contact: dict[str, Any] = answer.json()
        for channel in allows:
            await self.consent(contact, channel)
        return contact

    async def consent(self, contact: dict[str, Any], channel: str, purpose: str = "survey") -> dict[str, Any]:
        """The contact allows to be asked."""
        given = (self.days.moment - timedelta(minutes=1)).isoformat()
        body = {"purpose": purpose, "channel": channel, "lawful_basis": "consent", "given_at": given, "evidence": "x"}
        answer = await self.service.post(f"/v1/contacts/{contact['id']}/consents", body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def invited(self, survey: dict[str, Any], *contacts: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
        """What became of contacts."""
        body = {"contacts": [{"contact_id": one["id"], **fields} for one in contacts]}
        answer = await self.service.post(f"/v1/surveys/{survey['id']}/invitations", body)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        assert [one["contact_id"] for one in items] == [one["id"] for one in contacts]
        return items

    async def token(self, survey: dict[str, Any], contact: dict[str, Any] | None = None, **fields: Any) -> str:
        """The token of a new invitation."""
        (item,) = await self.invited(survey, contact or await self.contact(), **fields)
        assert item["refused"] is None, item
        token: str = item["token"]
        return token

    async def form(self, token: str) -> httpx.Response:
        """A form, opened by nobody in particular."""
        return await self.service.client.get(f"/v1/survey-forms/{token}")

    async def answer(self, token: str, **body: Any) -> httpx.Response:
        """An answer, given by nobody in particular."""
        return await self.service.client.post(f"/v1/survey-forms/{token}/answer", json=body)

    async def answered(self, survey: dict[str, Any], contact: dict[str, Any] | None = None, **body: Any) -> str:
        """Somebody was invited and has answered; the token."""
        token = await self.token(survey, contact)
        done = await self.answer(token, **body)
        assert done.status_code == 200, done.text
        return token

    async def turn(self) -> None:
        """Work what is due now; nothing may fail."""
        dues: list[AnyDue] = [SATISFACTION_MARKS_DUE, SATISFACTION_DUE, MARKS_DUE, LIFECYCLE_DUE]
        while await DueLoop(self.service.runtime, dues).turn():
            pass
        assert await self.service.rows("SELECT * FROM due_failure") == []

    async def account(self, account_id: str) -> dict[str, Any]:
        """An account as it stands."""
        found: dict[str, Any] = (await self.service.get(f"/v1/accounts/{account_id}")).json()
        return found

    async def levels(self) -> list[tuple[str | None, str | None, str, int | None]]:
        """Changes of levels that were announced: old, new, as of, score."""
        said = [event.payload for event in await self.service.published("customer.satisfaction.changed.v1")]
        return [(one["old"], one["new"], one["as_of"], one["score"]) for one in said]


@pytest.fixture
async def forms(world: World, days: Days) -> Forms:
    """A Monday at noon."""
    days.moment = NOON
    await hear_units(world.service)
    return Forms(world, days)


def moment_of(text: str) -> datetime:
    """A moment of an answer."""
    return datetime.fromisoformat(text)


async def count(service: ServiceHarness, table: str) -> int:
    """How many rows a table has."""
    (row,) = await service.rows(f"SELECT count(*) AS n FROM {table}")
    return int(row["n"])
