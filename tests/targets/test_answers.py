"""Every answer has the shape that the OpenAPI document declares for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)


class Answers:
    """Sends requests and checks status and body of each answer."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.document = world.service.app.openapi()
        self.reached: set[tuple[str, str]] = set()

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """The most literal path template that fits."""
        fitting = [
            template
            for template in self.document["paths"]
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path.partition("?")[0])
        ]
        template = min(fitting, key=lambda text: text.count("{"))
        return template, self.document["paths"][template][method.lower()]

    async def send(self, method: str, path: str, body: Any = None, by: str = "admin", **headers: str) -> Any:
        answer = await self.world.service.request(
            method, path, body, headers=self.world.service.headers(by, "administrator", **headers)
        )
        assert answer.status_code < 300, answer.text
        template, operation = self.operation(method, path)
        declared = operation["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
        validator(self.document, declared).validate(answer.json())
        self.reached.add((method, template))
        return answer.json()


def own(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, operations in document["paths"].items():
        if path.startswith("/v1/"):
            yield from ((method.upper(), path) for method in operations)


@pytest.fixture
def answers(world: Any) -> Answers:
    return Answers(world)


async def test_every_operation_answers_as_declared(answers: Answers) -> None:
    world = answers.world
    order = world.order({"a1": 600_000, "b1": 400_000}, [411, 7])
    await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 137)}))
    unit = await answers.send(
        "POST", "/v1/units", {"code": "x", "name": "X", "kind": "team", "parent_id": world.units["north"]}
    )
    await answers.send("PATCH", f"/v1/units/{unit['id']}", {"name": "Y"}, If_Match='"1"')
    body = {"code": "m", "role": "sales_rep", "unit_id": unit["id"], "valid_from": "2026-01-01"}
    member = await answers.send("POST", "/v1/members", body)
    await answers.send(
        "POST", f"/v1/members/{member['id']}/move", {"unit_id": world.units["team-a"], "from": "2026-02-01"}
    )
    await answers.send("POST", f"/v1/members/{member['id']}/leave", {"on": "2026-03-01"})
    target = await answers.send(
        "POST",
        "/v1/targets",
        {"name": "T", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100},
    )
    await answers.send("PATCH", f"/v1/targets/{target['id']}", {"amount": 101}, If_Match='"1"')
    found = await answers.send("POST", f"/v1/targets/{target['id']}/decompositions", {"dimension": "month"})
    path = f"/v1/targets/{target['id']}"
    await answers.send("POST", f"{path}/decompositions", {"dimension": "week", "dry_run": True})
    await answers.send("POST", f"{path}/commits", {"amount": 90, "note": "no more"})
    await answers.send("GET", f"{path}/commits")
    await answers.send("GET", f"{path}/decompositions/{found['id']}/gap")
    await answers.send("POST", f"{path}/decompositions/{found['id']}/mark-crediting")
    await answers.send("POST", f"{path}/cascades", {"levels": [{"dimension": "month"}, {"dimension": "week"}]})
    for verb, said in (("propose", None), ("withdraw", None), ("propose", None), ("reject", {"reason": "no"})):
        await answers.send("POST", f"{path}/{verb}", said)
    await answers.send("POST", f"{path}/propose")
    await answers.send("POST", f"{path}/approve", by="second")
    await answers.send("POST", f"{path}/activate")
    row = {"external_id": "e", "name": "E", "period_start": "2026-01-01", "period_end": "2026-01-31", "amount": 1}
    await answers.send("POST", "/v1/targets/batch", {"rows": [row, {}]})
    job = await answers.send("POST", "/v1/attainment/rebuilds", {})
    await answers.send("PUT", "/v1/calendar-days/2026-05-04", {"kind": "off", "reason": "Stocktaking"}, If_Match='"0"')
    await answers.send("POST", "/v1/calendar-days/2026-05-04/reset")
    policy = {"valid_from": "2100-01-01", "reason": "Two decide"}
    await answers.send("PUT", "/v1/target-policies", policy, If_Match="*")
    for path in (
        f"/v1/units/{unit['id']}",
        "/v1/units?fields=code,path&sort=-code",
        f"/v1/members/{member['id']}",
        "/v1/members?count=exact&fields=memberships",
        f"/v1/targets/{target['id']}",
        f"/v1/targets/{target['id']}/versions",
        "/v1/targets?limit=2&fields=id,amount",
        "/v1/targets",
        f"/v1/targets/{target['id']}/decompositions",
        f"/v1/targets/{target['id']}/decompositions?fields=drivers",
        f"/v1/targets/{target['id']}/decompositions/{found['id']}",
        "/v1/credit-lines",
        "/v1/credit-lines?fields=amount,unit_path",
        "/v1/attainment",
        "/v1/attainment?group_by=unit",
        f"/v1/attainment?target_id={target['id']}&children=true",
        f"/v1/attainment/rebuilds/{job['id']}",
        "/v1/calendar-days?from=2026-05-01&to=2026-05-31",
        "/v1/calendar-days/2026-05-04",
        "/v1/metrics",
        "/v1/target-policies",
    ):
        await answers.send("GET", path)
    await answers.send("POST", f"/v1/targets/{target['id']}/close")
    assert answers.reached == set(own(answers.document))


async def test_examples_of_the_bodies_are_valid(answers: Answers) -> None:
    schemas = answers.document["components"]["schemas"]
    checked = 0
    for schema in schemas.values():
        for example in [schema["example"]] if "example" in schema else []:
            validator(answers.document, schema).validate(example)
            checked += 1
    assert checked >= 7
