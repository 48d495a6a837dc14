"""Every operation of the merged OpenAPI document against a filled system: generated data, good and bad.

A module for each service, so that they run side by side.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
import schemathesis.specs.openapi.schemas  # with this module, not within a test beside other threads
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import CacheConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.routes import default_routes
from tests.e2e.quotes import grant, quote
from tests.e2e.register import of_risk
from tests.e2e.scripted import CALLS
from tests.e2e.tables import sides, table
from tests.e2e.world import World

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
EXAMPLES = {"GET": 6, "POST": 8, "PATCH": 8, "PUT": 8}
"""Of each mode, by night; otherwise the first half of what is generated to be refused."""
LONGEST_PARAMETER = 500
"""Generated texts of a query are no longer: to repeat a class up to 100,000 times costs a second a case."""
EXAMPLES_OF_OPERATIONS = 2
"""The operational endpoints are the same code in every service."""
AMOUNTS = pytest.mark.parametrize(
    "is_whole", [pytest.param(False, id="half"), pytest.param(True, id="whole", marks=pytest.mark.nightly)]
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Run:
    """What was seen: per operation the statuses, and each failure once."""

    world: World
    session: requests.Session
    is_whole: bool
    statuses: dict[str, set[int]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def call(self, key: str, case: schemathesis.Case[Any]) -> None:
        """Send one case and check the answer."""
        self.furnish(key, case)
        headers = {"Authorization": f"Bearer {self.world.token()}"}
        answer = case.call(base_url=self.world.url, session=self.session, headers=headers)
        self.statuses.setdefault(key, set()).add(answer.status_code)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                title = f"{key}: {type(failure).__name__} {answer.status_code}"
                self.failures.setdefault(title, f"{failure}\n{case.as_curl_command()[:1500]}\n{answer.text[:500]}")

    def furnish(self, key: str, case: schemathesis.Case[Any]) -> None:
        """Real ids and versions for most cases; which, depends on the generated value alone."""
        for name in case.path_parameters:
            if often(case.path_parameters[name]):
                case.path_parameters[name] = self.real(case.path, name)
        if isinstance(case.body, (dict, list)):
            case.body = self.world.real(case.body, lambda name: not often((name, case.body)))
        if "If-Match" in self.parameters(key) and often(case.path_parameters):
            answer = self.world.send("GET", case.formatted_path)
            case.headers["If-Match"] = answer.headers.get("ETag", '"1"')

    def real(self, path: str, name: str) -> Any:
        """A real value of a path parameter."""
        service = path.split("/")[2]
        return self.world.ids.get(f"{service}.{name}", self.world.ids.get(name, [""]))[-1]

    def parameters(self, key: str) -> set[str]:
        """Names of the parameters of an operation."""
        return {parameter["name"] for parameter in self.world.operations[key].get("parameters", ())}


def often(value: object) -> bool:
    """Three of four values, always the same ones."""
    return zlib.crc32(repr(value).encode(errors="replace")) % 4 != 0


@contextmanager
def running(world: World, is_whole: bool) -> Iterator[Run]:
    """A run with its connection; whole, or half of the cases that are to be refused."""
    with requests.Session() as session:
        yield Run(world, session, is_whole)


def fuzz(run: Run, key: str, operation: Any, mode: GenerationMode) -> None:
    """A bounded number of generated cases of one operation, the same in every run."""
    most = EXAMPLES_OF_OPERATIONS if "/admin/" in key else EXAMPLES[key.partition(" ")[0]]

    @settings(
        max_examples=most if run.is_whole or mode is GenerationMode.POSITIVE else most // 2,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def cases(case: schemathesis.Case[Any]) -> None:
        run.call(key, case)

    cases()


def shortened(document: dict[str, Any]) -> dict[str, Any]:
    """A copy in which no parameter is longer than what is generated; answers are as they are declared."""
    copy = {**document, "paths": deepcopy(document["paths"])}
    schemas = [
        parameter["schema"]
        for item in copy["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", ())
    ]
    for schema in [*schemas, *(schema["items"] for schema in schemas if "items" in schema)]:
        if "maxLength" in schema:
            schema["maxLength"] = min(schema["maxLength"], LONGEST_PARAMETER)
    return copy


def of_service(run: Run, service: str) -> list[str]:
    """Operations that a service answers; "gateway" has those that no service does."""
    table = default_routes()
    routes = {key: table.match(key.partition(" ")[2]) for key in run.world.operations}
    return [key for key, route in routes.items() if (route.service if route else "gateway") == service]


def check_service(run: Run, service: str) -> None:
    """Every operation of a service: reached as the table of calls says, and with generated data, good and bad."""
    config = schemathesis.Config(cache=CacheConfig(enabled=False))
    schema = schemathesis.openapi.from_dict(shortened(run.world.document), config=config)
    operations = of_service(run, service)
    if service == "risk":
        made = of_risk(run.world, run.world.ids["account_id"][0])
        run.world.ids |= {name: [value] for name, value in made.items()}
    if service == "targets":
        target = run.world.make("/v1/targets", run.world.example("POST /v1/targets"))["id"]
        made = sides(run.world, target) | {"table_id": table(run.world, target)}
        made |= {"target_id": target, "decomposition_id": made["row_decomposition_id"]}
        run.world.ids |= {name: [value] for name, value in made.items()}
    if service == "channels":
        run.world.ids |= {"quote_id": [quote(run.world)], "approval_id": [grant(run.world)]}
    refused = dict[str, str]()
    for key in sorted(CALLS.keys() & set(operations)):
        answer = CALLS[key](run.world)
        run.statuses.setdefault(key, set()).add(answer.status_code)
        if not answer.is_success:
            refused[key] = answer.text[:500]
        method, _, path = key.partition(" ")
        schema[path][method].validate_response(answer)
    for key in operations:
        method, _, path = key.partition(" ")
        takes_something = run.parameters(key) or "requestBody" in run.world.operations[key]
        for mode in MODES if takes_something else MODES[:1]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fuzz(run, key, schema[path][method], mode)
    assert not run.failures, "\n\n".join(f"{title}\n{text}" for title, text in run.failures.items())
    unreached = [key for key in operations if not any(200 <= s < 300 for s in run.statuses.get(key, ()))]
    assert not unreached, f"no answer 2xx: { {key: refused.get(key) for key in unreached} }"
    assert not CALLS.keys() - run.world.operations.keys(), "calls of operations that are gone"
