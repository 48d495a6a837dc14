"""Jobs whose workers are killed at one statement after the other: nobody is scored or listed twice or left out, each
word is said once, a simulation is completed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kit.testing.service import ServiceHarness
from services.risk.events_out.profiles import CreditGradeChanged
from services.risk.scorecards import jobs as scoring
from services.risk.simulations import jobs as simulating
from services.risk.studies.computation import Reports
from services.risk.treatments import simulations
from services.risk.treatments.bodies import TreatmentSimulationInputs
from services.risk.treatments.computation import computed
from tests.customer.kills.lives import Lives, totals
from tests.risk.conftest import Days
from tests.risk.credit.test_partners import partner
from tests.risk.scorecards.scored import DAY, LIMIT, OFFICER, example
from tests.risk.simulations.simulated import draft, results, start
from tests.risk.studies.runs import scenario
from tests.risk.treatments.plans import planned

ACCOUNTS = 3


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 2)
    monkeypatch.setattr(simulating, "CHUNK", 2)


async def test_a_run_of_scores(service: ServiceHarness, days: Days, lives: Lives) -> None:
    days.on(DAY)
    for _ in range(ACCOUNTS):
        await example(service)
    await partner(service, LIMIT)
    answer = await service.post("/v1/scoring-runs", {}, headers=service.headers(*OFFICER))

    async def is_whole() -> None:
        (scored,) = await service.rows(
            "SELECT (SELECT count(*) FROM credit_score) AS scores, "
            "(SELECT count(DISTINCT coalesce(account_id, partner_id)) FROM credit_score) AS subjects, "
            "(SELECT count(*) FROM credit_profile WHERE scored_on IS NOT NULL) AS profiles"
        )
        assert len(set(totals([scored]).values())) == 1, scored
        (moved,) = await service.rows(
            "SELECT (SELECT count(*) FROM credit_score WHERE grade_after = 'BBB') AS moved, "
            "(SELECT count(*) FROM credit_profile WHERE grade = 'BBB') AS graded, "
            "(SELECT count(*) FROM audit_log WHERE action = 'grade') AS audited, "
            "(SELECT count(*) FROM outbox WHERE type = 'risk.credit.grade_changed.v1') AS said"
        )
        assert len(set(totals([moved]).values())) == 1, moved

    assert await lives.work_through(is_whole, 2) > 5
    found = (await service.get(answer.headers["location"])).json()
    assert (found["state"], found["accounts"], found["partners"]) == ("succeeded", ACCOUNTS, 1)
    assert len(await service.published(CreditGradeChanged.TYPE)) == ACCOUNTS


async def test_a_simulation_of_a_policy(service: ServiceHarness, days: Days, lives: Lives) -> None:
    days.on(DAY)
    for _ in range(ACCOUNTS):
        await example(service)
    path = await start(service, await draft(service, "terms", lgd=400_000))
    (before,) = await service.rows("SELECT string_agg(p::text, ' ' ORDER BY p.id) AS profiles FROM credit_profile p")

    async def is_whole() -> None:
        (seen,) = await service.rows(
            "SELECT (SELECT count(*) FROM risk_policy_simulation_result) AS results, "
            "(SELECT count(DISTINCT account_id) FROM risk_policy_simulation_result) AS accounts"
        )
        assert len(set(totals([seen]).values())) == 1, seen
        (after,) = await service.rows("SELECT string_agg(p::text, ' ' ORDER BY p.id) AS profiles FROM credit_profile p")
        assert after == before

    assert await lives.work_through(is_whole, 2) > 5
    found = (await service.get(path)).json()
    assert (found["state"], found["subjects"]) == ("succeeded", ACCOUNTS)
    assert found["moved"] == len(await results(service, path))


async def test_a_simulation_of_a_treatment(
    service: ServiceHarness, lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is computed apart is computed here: how that ends is tested with studies."""
    asked: list[bytes] = []

    async def here(_command: object, sent: bytes, _job: object) -> Mapping[str, Any]:
        asked.append(sent)
        inputs = TreatmentSimulationInputs.model_validate_json(sent)
        return computed(inputs, Reports(2, lambda _said: None)).model_dump(mode="json", by_alias=True)

    monkeypatch.setattr(simulations, "computed_apart", here)
    path = await planned(service)
    risk = (await service.get(path)).json()["risk_id"]
    await scenario(service, risk_id=risk)
    sent = {"trials": 10_000, "seed": 1}
    answer = await service.post(f"{path}/simulate", sent, headers=service.headers(*OFFICER))
    assert answer.status_code in (200, 201, 202), answer.text

    async def is_whole() -> None:
        (seen,) = await service.rows(
            "SELECT (SELECT count(*) FROM treatment_simulation WHERE state = 'completed') AS completed, "
            "(SELECT count(*) FROM treatment_simulation WHERE results IS NOT NULL) AS told, "
            "(SELECT count(*) FROM audit_log WHERE action = 'complete') AS audited"
        )
        assert len(set(totals([seen]).values())) == 1, seen

    assert await lives.work_through(is_whole) > 5
    assert len(asked) > 1
    assert len(set(asked)) == 1
    (row,) = await service.rows("SELECT state FROM treatment_simulation")
    assert row["state"] == "completed"
