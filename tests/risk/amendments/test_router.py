"""Amendments: two people, one open at a time, terms from a day on."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.events_out.contracts import ContractAmended
from tests.risk.conftest import Days, turn
from tests.risk.contracts.drafts import DIRECTOR, OFFICER, act, draft, signed

MORE: dict[str, Any] = {"effective_on": "2026-03-01", "value": 12000000, "reason": "More volume"}


async def drafted(service: ServiceHarness, contract: str, **changes: Any) -> str:
    """Path of an amendment that an officer wrote."""
    body = {**MORE, **changes}
    answer = await service.post(f"{contract}/amendments", body, headers=service.headers(*OFFICER))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def amended(service: ServiceHarness, contract: str, signed_on: str, **changes: Any) -> str:
    path = await drafted(service, contract, **changes)
    await act(service, path, "approve", by=DIRECTOR)
    await act(service, path, "sign", {"signed_on": signed_on})
    return path


async def test_terms_hold_from_their_day_on(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 14))
    contract = await signed(service, "2025-12-20")
    await turn(service)
    path = await amended(service, contract, "2026-02-14", ends_on="2027-06-30")
    for day, value, ends_on in (
        ("2025-06-01", 12000000, "2027-06-30"),
        ("2026-02-28", 10000000, "2026-12-31"),
        ("2026-03-01", 12000000, "2027-06-30"),
    ):
        row = (await service.get(f"{contract}?as_of={day}")).json()
        assert (row["value"], row["ends_on"]) == (value, ends_on), day
        (item,) = (await service.get(f"/v1/contracts?as_of={day}&value={value}")).json()["items"]
        assert item == row
    said = (await service.published())[-1]
    assert (said.type, said.payload["amendment_id"]) == (ContractAmended.TYPE, path.rpartition("/")[2])
    assert (said.payload["effective_on"], said.payload["business_date"]) == ("2026-03-01", "2026-02-14")
    assert said.payload["changed"] == ["ends_on", "value", "value_base"]
    (renewal,) = (await service.get("/v1/renewals")).json()["items"]
    assert renewal["ends_on"] == "2027-06-30"
    days.on(date(2027, 5, 2))
    await turn(service)
    assert (await service.get(f"{contract}?as_of=2027-07-01")).json()["ends_on"] == "2028-06-30", "the new anchor"


async def test_one_is_open_at_a_time(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 14))
    contract = await signed(service, "2025-12-20")
    answers = await asyncio.gather(*(service.post(f"{contract}/amendments", MORE) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"amendment-open"}
    (item,) = (await service.get(f"{contract}/amendments")).json()["items"]
    path = f"/v1/amendments/{item['id']}"
    assert (await service.get(path)).json() == item
    await act(service, path, "approve", by=DIRECTOR)
    assert (await service.post(f"{contract}/amendments", MORE)).status_code == 409
    await act(service, path, "withdraw")
    await amended(service, contract, "2026-02-14")
    await drafted(service, contract)


async def test_nobody_approves_their_own(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 14))
    path = await drafted(service, await signed(service, "2025-12-20"))
    refused = await service.post(f"{path}/approve", headers=service.headers("officer", "administrator"))
    assert (refused.status_code, refused.json()["code"]) == (403, "same-person")
    assert (await service.post(f"{path}/approve", headers=service.headers(*OFFICER))).status_code == 403
    refused = await service.post(f"{path}/sign", {"signed_on": "2026-02-14"})
    assert (refused.status_code, refused.json()["code"]) == (409, "amendment-state")


async def test_what_cannot_be_amended(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 14))
    contract = await signed(service, "2025-12-20")
    for body, status, code in (
        ({"effective_on": "2026-03-01", "reason": "nothing"}, 422, "nothing-amended"),
        ({**MORE, "effective_on": "2025-12-31"}, 422, "date-order"),
        ({**MORE, "effective_on": "2027-01-02"}, 422, "date-order"),
    ):
        answer = await service.post(f"{contract}/amendments", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    answer = await service.post(f"{await draft(service)}/amendments", MORE)
    assert (answer.status_code, answer.json()["code"]) == (409, "contract-state")
    assert (await service.post(f"/v1/contracts/{new_id()}/amendments", MORE)).json()["code"] == "contract-not-found"
    path = await drafted(service, contract, ends_on="2026-02-20")
    await act(service, path, "approve", by=DIRECTOR)
    answer = await service.post(f"{path}/sign", {"signed_on": "2026-02-14"})
    assert (answer.status_code, codes(answer.json())) == (422, ["/ends_on"])
    await act(service, contract, "terminate", {"on": "2026-06-30", "reason": "breach"})
    answer = await service.post(f"{path}/sign", {"signed_on": "2026-02-14"})
    assert (answer.status_code, answer.json()["code"]) == (409, "contract-state")


async def test_amendments_are_seen_by_who_sees_the_contract(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 14))
    contract = await signed(service, "2025-12-20")
    path = await drafted(service, contract)
    stranger = service.headers("rep-9", "sales_rep")
    unknown = await service.get(f"/v1/amendments/{new_id()}", headers=stranger)
    hidden = await service.get(path, headers=stranger)
    assert (hidden.status_code, hidden.json()["code"]) == (404, unknown.json()["code"])
    assert (await service.get(f"{contract}/amendments", headers=stranger)).status_code == 404
