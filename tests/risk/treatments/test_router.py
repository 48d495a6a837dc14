"""Treatments over HTTP: their risks, acceptances that expire, simulations, proof."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.due.loop import DueLoop
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.risk.treatments import simulations
from services.risk.treatments.dues import ACCEPTANCES_DUE, SIMULATIONS_DUE
from services.risk.treatments.schemas import EXAMPLE
from tests.risk.conftest import Days
from tests.risk.incidents.losses import recorded
from tests.risk.risks.register import assessed, entered, state_of
from tests.risk.studies.runs import scenario, work_off
from tests.risk.treatments.plans import DIRECTOR, OFFICER, accepted, act, planned, refused

PER_ACCOUNT: dict[str, Any] = {
    "frequency": {"kind": "per_object", "hazard": 0.1, "dimension": "account"},
    "severity": {"kind": "exposure_share", "dimension": "account", "loss_rate": 0.45},
}


async def risk_path(service: ServiceHarness, path: str) -> str:
    return f"/v1/risks/{(await service.get(path)).json()['risk_id']}"


async def expire(service: ServiceHarness) -> int:
    worked = await DueLoop(service.runtime, [ACCEPTANCES_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    return worked


async def simulated(service: ServiceHarness, path: str, **body: Any) -> dict[str, Any]:
    """A simulation once it was computed."""
    answer = await service.post(f"{path}/simulate", {"seed": 1, **body})
    assert answer.status_code == 201, answer.text
    await work_off(service)
    found: dict[str, Any] = (await service.get(answer.headers["location"])).json()
    return found


async def test_a_risk_is_treated_while_a_treatment_is_under_way_or_done(service: ServiceHarness) -> None:
    path = await planned(service)
    risk = await risk_path(service, path)
    await act(service, path, "approve")
    assert await state_of(service, risk) == ("assessed", None)
    await act(service, path, "start")
    assert await state_of(service, risk) == ("treated", None)
    await service.post(f"{risk}/monitor")
    assert await refused(service, risk, "close", {"reason": "over"}) == (409, "treatment-open")
    await act(service, path, "complete")
    assert (await service.post(f"{risk}/close", {"reason": "over"})).status_code == 200
    body = {**EXAMPLE, "risk_id": risk.rpartition("/")[2]}
    answer = await service.post("/v1/treatments", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "risk-state")
    assert (await service.post(f"{risk}/reopen", {"reason": "again"})).status_code == 200
    await assessed(service, risk)
    assert await state_of(service, risk) == ("treated", None)
    said = [one.type for one in await service.published() if ".treatment." in one.type]
    assert said == ["risk.treatment.planned.v1", "risk.treatment.completed.v1"]


async def test_a_treatment_that_is_given_up_treats_no_more(service: ServiceHarness) -> None:
    path = await planned(service)
    risk = await risk_path(service, path)
    await act(service, path, "approve", "start", "cancel")
    assert await state_of(service, risk) == ("assessed", None)


async def test_a_plan_and_a_close_at_once(service: ServiceHarness) -> None:
    """Either the risk is closed first, and the plan refused, or the plan is there, and the risk not closed."""
    for _ in range(5):
        risk = await entered(service)
        await assessed(service, risk)
        await service.post(f"{risk}/monitor")
        body = {**EXAMPLE, "risk_id": risk.rpartition("/")[2]}
        close, plan = await asyncio.gather(
            service.post(f"{risk}/close", {"reason": "over"}), service.post("/v1/treatments", body)
        )
        assert {close.status_code, plan.status_code} in ({200, 409}, {409, 201}), (close.text, plan.text)


async def test_an_approval_takes_place_once_and_of_the_plan_it_saw(service: ServiceHarness) -> None:
    """Two who approve, and a third who changes the plan meanwhile: nobody approves what they wrote themselves."""
    for turn in range(6):
        path = await planned(service)
        first, second = (service.headers(name, "sales_director") for name in ("director", "other"))
        editor = service.headers("other", "risk_officer")

        async def approve(by: dict[str, str], after: float, path: str = path) -> Any:
            await asyncio.sleep(after)
            return await service.post(f"{path}/approve", headers=by)

        answers = await asyncio.gather(
            service.patch(path, {"cost_once": 7}, 1, headers=editor),
            approve(second, turn * 0.01),
            approve(first, turn * 0.012),
        )
        statuses = [answer.status_code for answer in answers]
        row = (await service.get(path)).json()
        assert (row["state"], statuses.count(200)) == ("approved", 2 if row["cost_once"] == 7 else 1), statuses
        assert row["cost_once"] != 7 or row["approved_by"] == "director", "who changed the plan approved it"
        await act(service, path, "start")
        assert await refused(service, path, "approve", by=DIRECTOR) == (409, "treatment-state")


async def test_an_acceptance_expires_on_the_day_after_once(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 3, 2))
    path = await accepted(service, "2026-06-30")
    risk = await risk_path(service, path)
    assert await refused(service, path, "approve") == (403, "forbidden")
    assert (await act(service, path, "approve"))["approved_by"] == "director"
    assert await state_of(service, risk) == ("treated", None)
    assert await refused(service, path, "start", {}) == (409, "treatment-accepts")
    await service.post(f"{risk}/monitor")
    assert (await service.post(f"{risk}/close", {"reason": "accepted"})).status_code == 200
    days.on(date(2026, 6, 30), hour=23)
    assert await expire(service) == 0
    days.on(date(2026, 7, 1), hour=0)
    assert await expire(service) == 1
    assert (await service.get(path)).json()["state"] == "expired"
    assert await state_of(service, risk) == ("identified", "acceptance_expired")
    assert await expire(service) == 0
    said = await service.published("risk.risk.identified.v1")
    assert [one.payload["reassess_cause"] for one in said] == [None, "acceptance_expired"]
    again = await accepted(service, "2026-12-31", risk_id=risk.rpartition("/")[2])
    assert (await service.get(again)).json()["state"] == "planned", "approved anew"


async def test_two_workers_expire_an_acceptance_once(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 3, 2))
    risk = await entered(service)
    await assessed(service, risk)
    for _ in range(3):
        path = await accepted(service, "2026-03-31", risk_id=risk.rpartition("/")[2])
        await act(service, path, "approve")
    days.on(date(2026, 5, 1))
    worked = await asyncio.gather(*(DueLoop(service.runtime, [ACCEPTANCES_DUE]).turn() for _ in range(3)))
    assert sum(worked) == 3
    assert len(await service.published("risk.risk.identified.v1")) == 2, "entered, and reopened once"


async def test_who_accepts_a_risk_and_for_how_long(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 3, 2))
    risk = (await entered(service)).rpartition("/")[2]
    body = {**EXAMPLE, "risk_id": risk, "response": "accept"}
    for until in ("2026-03-01", "2027-03-03"):
        answer = await service.post("/v1/treatments", {**body, "effect": {"expires_on": until}})
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (
            422,
            "date-order",
            ["/effect/expires_on"],
        )
    answer = await service.post("/v1/treatments", {**body, "effect": {"expires_on": "2027-03-02"}})
    assert answer.status_code == 201, answer.text
    path = answer.headers["location"]
    assert await refused(service, path, "approve", by=("admin", "administrator")) == (403, "same-person")
    changed = await service.patch(
        path, {"effect": {"kind": "accept", "expires_on": "2026-03-31"}}, 1, headers=service.headers(*OFFICER)
    )
    assert changed.status_code == 200, changed.text
    days.on(date(2026, 4, 1))
    assert await refused(service, path, "approve", by=DIRECTOR) == (422, "date-order")


async def test_what_is_approved_does_not_change(service: ServiceHarness) -> None:
    path = await planned(service)
    changed = {"effect": {"kind": "avoid", "share": 250_000}, "cost_once": 0}
    answer = await service.patch(path, changed, 1)
    assert (answer.status_code, answer.json()["response"]) == (200, "avoid")
    assert await refused(service, path, "approve", by=("admin", "administrator")) == (403, "same-person")
    await act(service, path, "approve")
    answer = await service.patch(path, {"cost_once": 5}, 3)
    assert (answer.status_code, answer.json()["code"]) == (409, "treatment-state")


@pytest.mark.parametrize(
    ("response", "effect", "pointers"),
    [
        ("avoid", {"share": 0}, {"/effect/share"}),
        ("avoid", {"share": 1_000_001}, {"/effect/share"}),
        ("avoid", {"kind": "accept", "share": 5}, {""}),
        ("mitigate", {}, {"/effect"}),
        ("mitigate", {"frequency_factor": 1, "by_controls": True}, {"/effect"}),
        ("mitigate", {"frequency_factor": 1_000_001}, {"/effect/frequency_factor"}),
        ("transfer", {"deductible": 0, "limit": 0, "share": 1}, {"/effect/limit"}),
        ("diversify", {"dimension": "account", "plan": [{"key": "a", "share": 999_999}]}, {"/effect"}),
        ("diversify", {"dimension": "account", "plan": [{"key": "a", "share": 500_000}] * 2}, {"/effect"}),
        ("diversify", {"dimension": "moon", "plan": [{"key": "a", "share": 1_000_000}]}, {"/effect/dimension"}),
        ("accept", {"expires_on": "soon"}, {"/effect/expires_on"}),
        ("wish", {}, {"/response", "/effect/kind"}),
        ("avoid", None, {"/effect/kind"}),
        ("avoid", [], {"/effect/kind"}),
    ],
)
async def test_what_a_treatment_may_not_say(
    service: ServiceHarness, response: str, effect: Any, pointers: set[str]
) -> None:
    risk = (await entered(service)).rpartition("/")[2]
    answer = await service.post("/v1/treatments", {**EXAMPLE, "risk_id": risk, "response": response, "effect": effect})
    assert answer.status_code == 422, answer.text
    assert set(codes(answer.json())) <= pointers | {"/effect"}, answer.text


async def test_references_of_a_treatment(service: ServiceHarness) -> None:
    unknown = str(new_id())
    answer = await service.post("/v1/treatments", {**EXAMPLE, "risk_id": unknown})
    assert codes(answer.json()) == ["/risk_id"]
    risk = (await entered(service)).rpartition("/")[2]
    actions = [{"title": "Ask"}, {"title": "Ask again", "owner_id": unknown}]
    answer = await service.post("/v1/treatments", {**EXAMPLE, "risk_id": risk, "actions": actions})
    assert codes(answer.json()) == ["/actions/1/owner_id"]


async def test_a_treatment_is_simulated_in_the_background(service: ServiceHarness) -> None:
    path = await planned(service, cost_once=3_000_000, cost_yearly=1_000_000, lifetime_years=3)
    risk = (await service.get(path)).json()["risk_id"]
    answer = await service.post(f"{path}/simulate", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "scenario-missing")
    each = await scenario(service, risk_id=risk)
    found = await simulated(service, path, trials=100_000)
    assert (found["state"], found["progress"], found["seed"]) == ("completed", 1_000_000, 1)
    shown = found["results"]
    assert abs(shown["after"]["expected_loss"] - 6_499_173) <= 3 * shown["after"]["standard_error"]
    assert (shown["cost"], shown["trials_that_rise"]) == (2_000_000, 0)
    assert abs(shown["roi"] - 2.5204) <= 3 * shown["difference_error"] / 2_000_000
    assert shown["roi"] == round((shown["difference"] - 2_000_000) / 2_000_000, 4)
    assert shown["difference_error"] < shown["before"]["standard_error"], "paired"
    assert [one["scenario_id"] for one in shown["scenarios"]] == [each]
    read = (await service.get(path)).json()
    assert [read[name] for name in ("simulation_id", "expected_before", "expected_after", "roi")] == [
        found["id"],
        shown["before"]["expected_loss"],
        shown["after"]["expected_loss"],
        shown["roi"],
    ]
    again = await simulated(service, path, trials=100_000)
    assert again["results"] == shown, "the same seed shows the same"
    assert (await service.patch(path, {"cost_yearly": 0, "cost_once": 0}, read["version"])).status_code == 200
    assert (await service.get(path)).json()["roi"] is None, "that was of other costs"
    assert (await simulated(service, path, trials=10_000))["results"]["roi"] is None
    listed = (await service.get(f"{path}/simulations")).json()
    assert len(listed["items"]) == 3
    other = await planned(service)
    assert (await service.get(f"{other}/simulations/{found['id']}")).json()["code"] == "treatment-simulation-not-found"


async def test_controls_mitigate_by_what_they_are_worth(service: ServiceHarness) -> None:
    path = await planned(service, effect={"by_controls": True})
    risk = (await service.get(path)).json()["risk_id"]
    await scenario(service, risk_id=risk)
    nothing = await simulated(service, path, trials=10_000)
    assert nothing["results"]["difference"] == 0
    control = {
        "risk_id": risk,
        "kind": "preventive",
        "branch": "cash",
        "title": "Deposits",
        "claimed_effect": 900_000,
        "test_every_days": 365,
    }
    made = (await service.post("/v1/controls", control)).headers["location"]
    await service.post(f"{made}/activate")
    today = (await service.get(f"/v1/risks/{risk}/bow-tie")).json()["as_of"]
    tested = await service.post(f"{made}/test", {"tested_on": today, "result": "pass", "effect": 900_000})
    assert tested.status_code == 200, tested.text
    found = (await simulated(service, path, trials=10_000))["results"]
    assert found["after"]["expected_loss"] == pytest.approx(0.37 * found["before"]["expected_loss"], rel=0.1)


async def test_exposures_are_those_of_the_simulation_and_of_the_completion(service: ServiceHarness) -> None:
    async def hold(*amounts: int) -> None:
        async with service.transaction() as tx:
            await tx.execute("DELETE FROM exposure_account")
            for amount in amounts:
                await tx.execute("INSERT INTO exposure_account (account_id, balance) VALUES ($1, $2)", new_id(), amount)

    await hold(60_000_000, 30_000_000, 10_000_000)
    plan = [{"key": f"A-{n}", "share": 200_000} for n in range(5)]
    path = await planned(service, response="diversify", effect={"dimension": "account", "plan": plan})
    await scenario(service, risk_id=(await service.get(path)).json()["risk_id"], **PER_ACCOUNT)
    found = (await simulated(service, path, trials=100_000))["results"]
    assert (found["hhi_before"], found["hhi_after"]) == (4_600, 2_000)
    assert abs(found["before"]["expected_loss"] - 4_500_000) <= 3 * found["before"]["standard_error"]
    assert abs(found["after"]["sd"] - 6_364_000) <= 130_000
    await hold(50_000_000, 50_000_000)
    assert (await act(service, path, "approve", "start", "complete"))["hhi_reached"] == 5_000


async def test_one_simulation_of_a_treatment_at_a_time(service: ServiceHarness) -> None:
    path = await planned(service)
    await scenario(service, risk_id=(await service.get(path)).json()["risk_id"])
    answers = await asyncio.gather(*(service.post(f"{path}/simulate", {"trials": 10_000}) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json().get("code") for one in answers if one.status_code == 409} == {"simulation-running"}
    await work_off(service, 2)
    assert (await service.post(f"{path}/simulate", {"trials": 10_000})).status_code == 201


@pytest.mark.parametrize(
    ("job", "state"),
    [("failed", ("failed", "computation-failed")), ("cancelled", ("cancelled", None)), ("queued", ("running", None))],
)
async def test_a_simulation_ends_as_its_job_did(service: ServiceHarness, job: str, state: tuple[str, Any]) -> None:
    path = await planned(service)
    await scenario(service, risk_id=(await service.get(path)).json()["risk_id"])
    made = (await service.post(f"{path}/simulate", {"trials": 10_000})).headers["location"]
    async with service.transaction() as tx:
        await tx.execute("UPDATE job SET state = $1", job)
        await tx.execute("UPDATE treatment_simulation SET due_at = clock_timestamp() - interval '1 minute'")
    assert await DueLoop(service.runtime, [SIMULATIONS_DUE]).turn() == 1
    found = (await service.get(made)).json()
    assert (found["state"], found["failure"]) == state
    assert await DueLoop(service.runtime, [SIMULATIONS_DUE]).turn() == 0


async def test_a_computation_that_never_ends_well_fails_its_simulation(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "COMPUTATION", ("-c", "import sys; sys.exit(1)"))
    path = await planned(service)
    await scenario(service, risk_id=(await service.get(path)).json()["risk_id"])
    found = await simulated(service, path, trials=10_000)
    assert (found["state"], found["failure"], found["results"]) == ("failed", "computation-failed", None)


async def test_a_treatment_is_proved_by_incidents_a_year_before_and_after(service: ServiceHarness, days: Days) -> None:
    days.on(date(2027, 3, 1))
    path = await planned(service)
    risk = (await service.get(path)).json()["risk_id"]
    await act(service, path, "approve")
    assert await refused(service, path, "start", {"on": "2027-03-02"}) == (422, "future-date")
    await act(service, path, "start", on="2026-01-10")
    assert await refused(service, path, "complete", {"on": "2026-01-09"}) == (422, "date-order")
    await act(service, path, "complete", on="2026-03-02")
    first, last = date(2025, 3, 2), date(2027, 3, 1)
    around = [*(first + timedelta(n) for n in range(10)), date(2026, 3, 2), last]
    for day in (*around, first - timedelta(1)):
        await recorded(
            service, risk_id=risk, occurred_on=str(day), discovered_on=str(last), gross_loss=1_000, recoveries=200
        )
    answer = await service.post(f"{path}/verify")
    assert (answer.status_code, answer.json()["code"], answer.json()["from"]) == (
        409,
        "treatment-not-observed",
        "2027-03-02",
    )
    days.on(date(2027, 3, 2))
    found = (await act(service, path, "verify"))["verification"]
    assert found == {
        "before_from": "2025-03-02",
        "before_to": "2026-03-01",
        "after_from": "2026-03-02",
        "after_to": "2027-03-01",
        "incidents_before": 10,
        "incidents_after": 2,
        "loss_before": 8_000,
        "loss_after": 1_600,
        "expected_effect": 400_000,
        "measured_effect": 800_000,
        "expected_loss_effect": None,
        "measured_loss_effect": 800_000,
        "p": pytest.approx(0.0386, abs=0.00005),
    }


async def test_simulations_are_hidden_with_their_risk(service: ServiceHarness) -> None:
    path = await planned(service)
    headers = service.headers("rep-1", "sales_rep")
    assert (await service.get(f"{path}/simulations", headers=headers)).status_code == 404
    assert (await service.get(f"{path}/simulations/{UUID(int=1)}", headers=headers)).status_code == 404
