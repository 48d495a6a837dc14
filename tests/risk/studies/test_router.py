"""Studies over HTTP: right values, what a draft may not say, states, scope, stale studies, targets."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.targets.events_out.targets import TargetActivated, TargetApproved
from tests.risk.conftest import Order, account_created, partner_activated, seller
from tests.risk.risks.register import entered
from tests.risk.studies.runs import F1, run, scenario, shown, study, work_off

ONCE = {"kind": "bernoulli", "p": 1}
LARGE = {"kind": "lognormal", "q05": 1_000_000, "q95": 20_000_000}
SMALL = {"kind": "lognormal", "q05": 2_000_000, "q95": 10_000_000}
TAIL = {"kind": "gpd_tail", "threshold": 5_000_000, "tail_share": 1, "xi": 0.3, "beta": 4_000_000}
RIGHT: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[float, int, int, int, int]]] = {
    "F1": ({"kind": "poisson", "mean": 2}, LARGE, (135_399.43, 410_466, 655_654, 568_234, 846_892)),
    "F2": (
        {"kind": "poisson", "mean": 3},
        {"kind": "pert", "low": 500_000, "mode": 2_000_000, "high": 8_000_000},
        (82_500.00, 179_207, 231_113, 211_176, 259_294),
    ),
    "F3": (
        {"kind": "negative_binomial", "mean": 2, "size": 0.8},
        LARGE,
        (135_399.43, 557_304, 960_472, 809_758, 1_228_742),
    ),
    "F4": ({"kind": "bernoulli", "p": 0.3}, LARGE, (20_309.91, 107_923, 237_575, 193_902, 361_377)),
    "F5": ({"kind": "poisson", "mean": 0.5}, TAIL, (53_571.43, 231_020, 423_406, 360_774, 611_770)),
}
"""Right values in units of 1.00: mean, value at risk 95 and 99 %, expected shortfall 95 and 99 %."""


def near(found: dict[str, Any], right: tuple[float, int, int, int, int]) -> None:
    """The mean within 3 standard errors, the right quantile near its 95 % interval, the shortfall within 4."""
    mean, var_95, var_99, es_95, es_99 = (round(100 * one) for one in right)
    assert abs(found["expected_loss"] - mean) <= 3 * found["standard_error"] + 1
    for one, value, shortfall in zip(found["quantiles"], (var_95, var_99), (es_95, es_99), strict=True):
        reach = (one["high"] - one["low"]) * 0.4  # 1.96 to 3.29 standard errors, on either side
        assert one["low"] - reach <= value <= one["high"] + reach, one
        assert abs(one["expected_shortfall"] - shortfall) <= 4 * one["shortfall_error"] + 1, one


@pytest.mark.parametrize("name", RIGHT)
async def test_a_study_has_the_right_values(service: ServiceHarness, name: str) -> None:
    frequency, severity, right = RIGHT[name]
    each = await scenario(service, frequency=frequency, severity=severity)
    path = await study(service, each, trials=100_000, planned_revenue=1_000_000_000, appetite=13_000_000)
    found = await shown(service, path)
    near(found, right)
    assert (found["seed"], found["trials"], found["infinite_variance"]) == (1, 100_000, False)
    assert found["is_above_appetite"] == (right[0] > 130_000)
    assert (found["scenarios"][0]["share"], found["scenarios"][0]["tail_share"]) == (1_000_000, 1_000_000)
    read = (await service.get(path)).json()
    assert (read["state"], read["progress"], read["is_stale"]) == ("completed", 1_000_000, False)
    assert [read[name] for name in ("expected_loss", "var_95", "var_99")] == [
        found["expected_loss"],
        *(one["value_at_risk"] for one in found["quantiles"]),
    ]


@pytest.mark.parametrize(
    ("r", "right"),
    [
        (0, (118_106.53, 257_337, 426_598, 369_045, 584_654)),
        (0.6, (118_106.53, 283_303, 473_551, 407_946, 643_113)),
        (1, (118_106.53, 300_000, 511_579, 438_253, 697_800)),
    ],
)
async def test_correlated_scenarios_have_the_right_values(
    service: ServiceHarness, r: float, right: tuple[float, int, int, int, int]
) -> None:
    ids = [await scenario(service, frequency=ONCE, severity=one) for one in (LARGE, SMALL)]
    path = await study(service, *ids, trials=100_000, correlations=[{"a": ids[0], "b": ids[1], "r": r}])
    found = await shown(service, path)
    near(found, right)
    assert sum(one["share"] for one in found["scenarios"]) == 1_000_000
    assert sum(one["tail_share"] for one in found["scenarios"]) == 1_000_000


async def test_what_the_results_of_f1_say(service: ServiceHarness) -> None:
    target = str(new_id())
    path_of_risk = await entered(service, links=[{"kind": "target", "id": target}])
    each = await scenario(service, risk_id=path_of_risk.rpartition("/")[2])
    tolerance = [{"amount": 50_000_000, "probability": 20_000}, {"amount": 50_000_000, "probability": 40_000}]
    changes = {"trials": 100_000, "planned_revenue": 1_000_000_000, "tolerance": tolerance, "is_reference": True}
    path = await study(service, each, **changes)
    told = make_event("targets.target.approved.v1", {**TargetApproved.EXAMPLE, "id": target}, "organisation")
    await service.deliver(told, told)
    nothing = (await service.get(f"/v1/target-adjustments?target_id={target}")).json()
    assert (nothing["insufficient_data"], nothing["study_id"]) == (True, None)
    answer = await service.get(f"{path}/results")
    assert (answer.status_code, answer.json()["code"]) == (409, "study-not-completed")
    found = await shown(service, path)
    one = found["scenarios"][0]
    assert (one["likelihood"], one["impact"]) == (5, 3), "86.5 % and 1.57 %"
    assert abs(one["loss_probability"] - 864_660) < 4_500
    assert abs(one["mean_if_lost"] / 1_000_000_000 - 0.0157) < 0.0002
    assert [(each["tolerated"], abs(each["probability"] - 27_000) < 2_100) for each in found["breaches"]] == [
        (20_000, True)
    ]
    (of_class,) = found["classes"]
    assert (of_class["class"], of_class["expected_events"], len(of_class["quantiles"])) == ("credit", 2, 101)
    curve = (await service.get(f"{path}/loss-curve")).json()
    assert curve["points"] == found["curve"]
    assert len(curve["points"]) == 18
    assert all(
        a["amount"] <= b["amount"] and a["probability"] >= b["probability"] for a, b in pairwise(curve["points"])
    )
    adjusted = (await service.get(f"/v1/target-adjustments?target_id={target}")).json()
    assert [adjusted[name] for name in ("expected_loss", "p50", "p90")] == [
        found[name] for name in ("expected_loss", "p50", "p90")
    ]
    assert (adjusted["study_id"], adjusted["insufficient_data"]) == (path.rpartition("/")[2], False)
    active = {**TargetActivated.EXAMPLE, "id": new_id()}
    other = f"/v1/target-adjustments?target_id={active['id']}"
    unheard = (await service.get(other)).json()
    assert (unheard["status"], unheard["retryable"], codes(unheard)) == (422, True, ["target_id"]), "0 of nobody"
    await service.deliver(make_event("targets.target.activated.v1", active, "organisation"))
    nothing = (await service.get(other)).json()
    assert (nothing["expected_loss"], nothing["insufficient_data"]) == (0, False)
    (said,) = await service.published("risk.study.completed.v1")
    assert {name: said.payload[name] for name in ("expected_loss", "seed", "version")} == {
        "expected_loss": found["expected_loss"],
        "seed": 1,
        "version": 3,
    }
    assert (said.payload["var_95"], said.payload["var_99"]) == tuple(
        each["value_at_risk"] for each in found["quantiles"]
    )


async def test_exposures_are_those_of_the_run(service: ServiceHarness) -> None:
    partner = new_id()
    orders = [Order(new_id(), amount) for amount in (60_000_000, 30_000_000, 10_000_000)]
    for order in orders:
        await service.deliver(account_created(order.account_id))
    await service.deliver(partner_activated(partner))
    async with service.transaction() as tx:
        for order in orders:
            await tx.execute(
                "INSERT INTO exposure_account (account_id, balance) VALUES ($1, $2) "
                "ON CONFLICT (account_id) DO UPDATE SET balance = excluded.balance",
                order.account_id,
                order.gross,
            )
    share = {"kind": "exposure_share", "loss_rate": 0.45}
    ids = [
        await scenario(
            service,
            frequency={"kind": "per_object", "hazard": 0.1, "dimension": dimension},
            severity={**share, "dimension": dimension},
        )
        for dimension in ("account", "partner")
    ]
    path = await study(service, *ids, trials=100_000)
    await run(service, path)
    async with service.transaction() as tx:
        await tx.execute("UPDATE exposure_account SET balance = 1")
    await work_off(service)
    found = (await service.get(f"{path}/results")).json()
    by_id = {one["scenario_id"]: one for one in found["scenarios"]}
    assert by_id[ids[0]]["expected_events"] == 0.3
    assert abs(by_id[ids[0]]["expected_loss"] - 4_500_000) <= 4 * found["standard_error"], "hazard x sum x loss rate"
    assert abs(found["sd"] - 9_651_400) < 200_000
    assert (by_id[ids[1]]["expected_events"], by_id[ids[1]]["expected_loss"]) == (0, 0), "no partner has an exposure"


async def refused(service: ServiceHarness, **changes: Any) -> tuple[int, str, list[str]]:
    answer = await service.post("/v1/studies", {"name": "Losses", "scenario_ids": [str(new_id())], **changes})
    body = answer.json()
    return answer.status_code, body.get("code", ""), list(codes(body))


async def test_what_a_study_may_not_say(service: ServiceHarness) -> None:
    ids = [await scenario(service) for _ in range(3)]
    a, b, c = sorted(ids)
    unknown = str(new_id())
    assert await refused(service) == (422, "unknown-reference", ["/scenario_ids/0"])
    assert await refused(service, scenario_ids=[a, a]) == (422, "invalid", ["/scenario_ids"])
    assert await refused(service, scenario_ids=[]) == (422, "invalid", ["/scenario_ids"])
    assert await refused(service, scenario_ids=ids, trials=9_999) == (422, "invalid", ["/trials"])
    assert await refused(service, scenario_ids=ids, trials=1_000_001) == (422, "invalid", ["/trials"])
    many = [str(new_id()) for _ in range(200)]
    assert await refused(service, scenario_ids=many, trials=100_001) == (422, "study-too-large", ["/trials"])
    assert (await refused(service, scenario_ids=many, trials=100_000))[1] == "unknown-reference"
    assert await refused(service, scenario_ids=ids, seed=2**53) == (422, "invalid", ["/seed"])
    assert await refused(service, scenario_ids=ids, owner_id=unknown) == (422, "unknown-reference", ["/owner_id"])
    for correlations, code, pointer in (
        ([{"a": a, "b": unknown, "r": 0.1}], "unknown-reference", "/correlations/0/b"),
        ([{"a": a, "b": a, "r": 0.1}], "correlation-invalid", "/correlations/0"),
        ([{"a": a, "b": b, "r": 1.1}], "correlation-invalid", "/correlations/0"),
        ([{"a": a, "b": b, "r": 0.1}, {"a": b, "b": a, "r": 0.1}], "correlation-invalid", "/correlations/1"),
    ):
        assert await refused(service, scenario_ids=ids, correlations=correlations) == (422, code, [pointer])
    impossible = [{"a": a, "b": b, "r": 0.9}, {"a": a, "b": c, "r": -0.9}, {"a": b, "b": c, "r": 0.9}]
    answer = await service.post("/v1/studies", {"name": "Losses", "scenario_ids": ids, "correlations": impossible})
    assert (answer.status_code, answer.json()["code"]) == (422, "correlation-not-positive-definite")
    assert answer.json()["least_eigenvalue"] == pytest.approx(-0.8)
    path = await study(service, *ids)
    assert (await service.patch(path, {"correlations": impossible}, 1)).status_code == 422
    assert (await service.patch(path, {"scenario_ids": [unknown]}, 1)).status_code == 422
    await service.post(f"/v1/scenarios/{b}/archive")
    answer = await service.post(f"{path}/run")
    assert (answer.status_code, answer.json()["code"]) == (409, "scenario-archived")
    many_events = await scenario(service, frequency={"kind": "poisson", "mean": 90_000})
    answer = await service.post(f"{await study(service, many_events, trials=100_000)}/run")
    assert (answer.status_code, answer.json()["code"]) == (422, "study-too-large")
    assert await service.rows("SELECT FROM job") == []


async def test_a_loss_beyond_all_amounts_fails_the_study(service: ServiceHarness) -> None:
    heavy = {"kind": "gpd_tail", "threshold": 0, "tail_share": 1, "xi": 0.9, "beta": 10**12}
    path = await study(service, await scenario(service, severity=heavy))
    await run(service, path)
    await work_off(service)
    read = (await service.get(path)).json()
    assert (read["state"], read["failure"], read["expected_loss"]) == ("failed", "loss-too-large", None)
    wide = {"kind": "gpd_tail", "threshold": 0, "tail_share": 1, "xi": 0.5, "beta": 1_000_000}
    found = await shown(service, await study(service, await scenario(service, severity=wide)))
    assert (found["infinite_variance"], found["standard_error"], found["quantiles"][0]["shortfall_error"]) == (
        True,
        None,
        None,
    )


async def test_a_study_is_stale_when_what_it_used_has_changed(service: ServiceHarness) -> None:
    each = await scenario(service)
    path = await study(service, each)
    await shown(service, path)
    way = f"/v1/scenarios/{each}"
    await service.patch(way, {"name": "Another name"}, 1)
    assert not (await service.get(path)).json()["is_stale"]
    await service.patch(way, {"frequency": {"kind": "poisson", "mean": 3}}, 2)
    assert (await service.get(path)).json()["is_stale"]
    assert len((await service.get("/v1/studies?is_stale=true")).json()["items"]) == 1
    await service.patch(way, {"frequency": F1["frequency"]}, 3)
    assert not (await service.get(path)).json()["is_stale"]
    await service.post(f"{way}/archive")
    assert (await service.get(path)).json()["is_stale"]
    assert (await service.get(f"{path}/results")).json()["scenarios"][0]["scenario_version"] == 1
    assert (await service.patch(path, {"trials": 20_000}, 3)).json()["code"] == "study-state"


async def test_a_seed_is_drawn_and_kept_and_a_copy_has_it(service: ServiceHarness) -> None:
    path = await study(service, seed=None, is_reference=True)
    first = await shown(service, path)
    answer = await service.post(f"{path}/copy")
    copy = answer.json()
    assert (answer.status_code, copy["state"], copy["seed"], copy["is_reference"]) == (
        201,
        "draft",
        first["seed"],
        False,
    )
    second = await shown(service, str(answer.headers["location"]))
    del first["study_id"], second["study_id"]
    assert first == second
    kept = await service.rows("SELECT DISTINCT results::text FROM study_result")
    assert len(kept) == 1, "equal to the byte"


async def test_a_study_runs_once(service: ServiceHarness) -> None:
    path = await study(service)
    answers = await asyncio.gather(*(service.post(f"{path}/run") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await service.rows("SELECT FROM job")) == 1
    await work_off(service, 2)
    assert len(await service.published("risk.study.completed.v1")) == 1


async def test_who_may_run_and_see_studies(service: ServiceHarness) -> None:
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    each = await scenario(service)
    body = {"name": "Losses", "scenario_ids": [each], "trials": 10_000}
    for role, status in (("risk_officer", 201), ("sales_director", 403), ("auditor", 403), ("sales_rep", 403)):
        answer = await service.post("/v1/studies", body, headers=service.headers("who", role))
        assert answer.status_code == status, role
    path, other = await study(service, each, owner_id=str(member)), await study(service, each)
    await shown(service, path)
    rep = service.headers("rep-1", "sales_rep")
    assert len((await service.get("/v1/studies", headers=rep)).json()["items"]) == 1
    for way, status in ((path, 200), (f"{path}/results", 200), (f"{path}/loss-curve", 200), (other, 404)):
        assert (await service.get(way, headers=rep)).status_code == status
    for way in ("results", "loss-curve"):
        assert (await service.get(f"{other}/{way}", headers=rep)).status_code == 404
    for verb in ("run", "cancel", "copy"):
        answer = await service.post(f"{path}/{verb}", headers=service.headers("x", "auditor"))
        assert answer.status_code == 403
