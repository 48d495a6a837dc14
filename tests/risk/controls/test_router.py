"""Controls and bow-ties over HTTP."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.controls.schemas import EXAMPLE
from tests.risk.conftest import Days
from tests.risk.risks.register import entered

TESTED = date(2026, 1, 15)


async def control(service: ServiceHarness, risk: str, **changes: Any) -> str:
    """Path of a new control of a risk."""
    answer = await service.post("/v1/controls", {**EXAMPLE, "risk_id": risk.rpartition("/")[2], **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def factors(service: ServiceHarness, risk: str) -> tuple[int, int]:
    answer = await service.get(f"{risk}/bow-tie")
    assert answer.status_code == 200, answer.text
    return answer.json()["frequency_factor"], answer.json()["severity_factor"]


async def test_a_bow_tie_is_what_tested_controls_leave(service: ServiceHarness, days: Days) -> None:
    days.on(TESTED)
    risk = await entered(service)
    path = await control(service, risk)
    mitigating = await control(service, risk, kind="mitigating", branch="loss", claimed_effect=500_000)
    assert await factors(service, risk) == (1_000_000, 1_000_000)
    test = {"tested_on": str(TESTED), "result": "pass", "effect": 950_000}
    for one in (path, mitigating):
        assert (await service.post(f"{one}/activate")).status_code == 200
        assert (await service.post(f"{one}/test", test)).status_code == 200
    assert await factors(service, risk) == (370_000, 500_000)
    tie = (await service.get(f"{risk}/bow-tie")).json()
    assert [(one["code"], one["left"]) for one in tie["causes"]] == [("cash", 70_000), ("claim", 300_000)]
    assert [one["effect"] for one in tie["causes"][0]["barriers"]] == [900_000]
    days.on(TESTED + timedelta(91))
    assert await factors(service, risk) == (1_000_000, 1_000_000)
    failed = {"tested_on": str(TESTED + timedelta(91)), "result": "fail", "effect": 950_000}
    await service.post(f"{path}/test", failed)
    await service.post(f"{mitigating}/test", {**failed, "result": "pass", "effect": 100_000})
    assert await factors(service, risk) == (1_000_000, 900_000)


async def test_what_a_test_may_not_say(service: ServiceHarness, days: Days) -> None:
    days.on(TESTED)
    path = await control(service, await entered(service))
    test = {"tested_on": str(TESTED), "result": "pass", "effect": 900_000}
    assert (await service.post(f"{path}/test", test)).json()["code"] == "control-state"
    await service.post(f"{path}/activate")
    tomorrow = {**test, "tested_on": str(TESTED + timedelta(1))}
    assert (await service.post(f"{path}/test", tomorrow)).json()["code"] == "future-date"
    assert (await service.post(f"{path}/test", test)).status_code == 200
    before = {**test, "tested_on": str(TESTED - timedelta(1))}
    assert (await service.post(f"{path}/test", before)).json()["code"] == "date-order"


async def test_a_control_stands_against_something_of_its_risk(service: ServiceHarness) -> None:
    risk = await entered(service)
    for changes, pointer in (
        ({"branch": "loss"}, "/branch"),
        ({"kind": "mitigating"}, "/branch"),
        ({"risk_id": str(new_id())}, "/risk_id"),
        ({"owner_id": str(new_id())}, "/owner_id"),
    ):
        body = {**EXAMPLE, "risk_id": risk.rpartition("/")[2], **changes}
        answer = await service.post("/v1/controls", body)
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (
            422,
            "unknown-reference",
            [pointer],
        )


async def test_a_control_whose_cause_is_gone_is_named(service: ServiceHarness) -> None:
    risk = await entered(service)
    path = await control(service, risk)
    whole = [{"code": "claim", "title": "They claim defects", "share": 1_000_000}]
    assert (await service.patch(risk, {"causes": whole}, 1)).status_code == 200
    tie = (await service.get(f"{risk}/bow-tie")).json()
    assert [one["id"] for one in tie["unattached"]] == [path.rpartition("/")[2]]
    await service.post(f"{path}/retire")
    assert (await service.get(f"{risk}/bow-tie")).json()["unattached"] == []
