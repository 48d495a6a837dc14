"""Every route is in the gateway's table, nothing else is, and every route asks for a permission."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Match

from cli.contracts import FOLDER, make_apps
from gateway.routes import COMPOSED, PUBLIC, RESOURCES, default_routes
from kit.events.handlers import Projection, Subscriptions
from kit.web.context import Allow
from kit.web.routes import RouteIndex, TransactionRoute
from tests.architecture.source import ROOT, SERVICES, module_of, tree_of

HEALTH = {"/livez", "/readyz", "/startupz", "/metrics"}
READS = {"read"}


@pytest.fixture(scope="module")
def apps() -> dict[str, Any]:
    return make_apps()


def routes_below(routes: Iterable[Any]) -> Iterator[APIRoute]:
    """Routes of an application and of the routers it includes (FastAPI keeps those as they are)."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif included := getattr(route, "original_router", None):
            yield from routes_below(included.routes)


def routes_of(apps: dict[str, Any], service: str) -> list[APIRoute]:
    return list(routes_below(apps[service].routes))


def public_routes(apps: dict[str, Any], service: str) -> list[APIRoute]:
    found = [route for route in routes_of(apps, service) if route.path not in HEALTH]
    assert found, "a service without routes"
    return found


def dependencies_of(dependant: Dependant) -> Iterator[Dependant]:
    for inner in dependant.dependencies:
        yield inner
        yield from dependencies_of(inner)


def permissions_of(route: APIRoute) -> list[str]:
    """What a caller needs; empty text for a route that is open to every one with a token."""
    calls = [inner.call for inner in dependencies_of(route.dependant)]
    return [call.permission or "" for call in (getattr(route, "allow", None), *calls) if isinstance(call, Allow)]


def unreleased(service: str) -> list[Projection]:
    """Projections that a database of release 0.1.0 has to fill first: those its migration to lanes does not name."""
    (lanes,) = (ROOT / "services" / service / "migrations" / "versions").glob("*_lanes.py")
    named = {node.value for node in ast.walk(tree_of(lanes)) if isinstance(node, ast.Constant)}
    door: Subscriptions = importlib.import_module(f"services.{service}.subscriptions").subscriptions
    return [each for each in door.projections.values() if not each.is_ledger and each.name not in named]


@pytest.mark.parametrize("service", SERVICES)
def test_a_slice_answers_from_its_projection_when_that_is_filled(apps: dict[str, Any], service: str) -> None:
    for projection in unreleased(service):
        needle = f'__tablename__ = "{projection.tables[0]}"'
        (models,) = (p for p in (ROOT / "services" / service).rglob("*.py") if needle in p.read_text())
        slice_name = module_of(models).rsplit(".", 1)[0]
        for route in public_routes(apps, service):
            if route.endpoint.__module__.startswith(f"{slice_name}."):
                assert isinstance(route, TransactionRoute)
                assert route.allow, route.path
                assert projection.name in route.allow.reads, route.path


def test_the_gateway_knows_every_service() -> None:
    assert set(RESOURCES) == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_these_tests_see_every_documented_operation(apps: dict[str, Any], service: str) -> None:
    seen = {(method.lower(), r.path) for r in public_routes(apps, service) for method in r.methods or ()}
    paths = apps[service].openapi()["paths"]
    assert seen == {(method, path) for path, item in paths.items() for method in item}


@pytest.mark.parametrize("service", SERVICES)
def test_the_index_finds_the_route_that_comes_first(apps: dict[str, Any], service: str) -> None:
    index, *rest = apps[service].routes
    assert isinstance(index, RouteIndex)
    for route in public_routes(apps, service):
        path = re.sub(r"\{[^}]+\}", "01890a5d-ac96-774b-bcce-b302099a8057", route.path)
        for method in route.methods or ():
            scope = {"type": "http", "method": method, "path": path, "root_path": ""}
            first = next(one for one in rest if one.matches(scope)[0] is Match.FULL)
            assert index.matches(scope) == first.matches(scope)


@pytest.mark.parametrize("service", SERVICES)
def test_table_and_routes_agree(apps: dict[str, Any], service: str) -> None:
    prefixes = {tuple(route.path.split("/")[1:3]) for route in public_routes(apps, service)}
    resources = {second for first, second in prefixes if first == "v1"}
    assert resources == set(RESOURCES[service])
    assert {first for first, _ in prefixes} <= {"v1", "admin"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_archive_can_be_undone(apps: dict[str, Any], service: str) -> None:
    posted = {route.path for route in public_routes(apps, service) if "POST" in (route.methods or ())}
    kept = {path.removesuffix("/archive") for path in posted if path.endswith("/archive")}
    assert {f"{path}/restore" for path in kept} <= posted


def test_under_v1_the_gateway_answers_what_it_composes_and_the_services_the_rest() -> None:
    paths = json.loads((FOLDER / "openapi" / "crmesh.json").read_text())["paths"]
    names = {path.split("/")[2] for path in paths if path.startswith("/v1/")}
    assert names - {name for owned in RESOURCES.values() for name in owned} <= set(COMPOSED)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_can_be_reached_and_health_cannot(apps: dict[str, Any], service: str) -> None:
    table = default_routes()
    for route in public_routes(apps, service):
        found = table.of_service(service, route.path)
        assert found is not None, route.path
        assert table.match(found.public_path(route.path)) is found
    assert not any(table.of_service(service, path) for path in HEALTH)


def test_the_gateway_and_the_services_ask_nobody_for_a_token_on_the_same_routes(apps: dict[str, Any]) -> None:
    table, open_ones = default_routes(), set[str]()
    for service in SERVICES:
        for route in public_routes(apps, service):
            found = table.of_service(service, route.path)
            assert found is not None
            for method in route.methods or ():
                path = found.public_path(route.path)
                is_open = found.secret_of(method, path) is not None
                assert is_open == (isinstance(route, TransactionRoute) and route.is_public), f"{method} {path}"
                if is_open:
                    open_ones.add(re.sub(r"\{[^}]+\}", "*", f"{method} {path}"))
    written = (one.split(" ") for name, ones in PUBLIC.items() for one in (f"{o} {name}" for o in ones))
    assert open_ones == {f"{method} /v1/{name}{pattern}" for method, pattern, name in written}


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_asks_for_one_permission(apps: dict[str, Any], service: str) -> None:
    wrong = {
        f"{sorted(route.methods or ())} {route.path}": permissions_of(route)
        for route in public_routes(apps, service)
        if len(set(permissions_of(route))) != 1 or not isinstance(route, TransactionRoute)
    }
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_permissions_exist_and_the_auditor_only_reads(apps: dict[str, Any], service: str) -> None:
    access = importlib.import_module(f"services.{service}.access")
    asked = {permission for route in public_routes(apps, service) for permission in permissions_of(route)}
    asked.discard("")
    granted: set[str] = set().union(*access.PERMISSIONS.values())
    assert asked <= access.PERMISSIONS["administrator"]
    assert granted <= access.PERMISSIONS["administrator"]
    assert all(re.fullmatch(r"[a-z_-]+:[a-z_-]+", permission) for permission in granted | asked)
    assert {permission.partition(":")[2] for permission in access.PERMISSIONS["auditor"]} <= READS
    reaches = importlib.import_module(f"services.{service}.roles").REACHES
    assert set(access.PERMISSIONS) <= set(reaches), "a role without record scope"
    writers = [r for r in public_routes(apps, service) if (r.methods or set()) - {"GET", "HEAD"}]
    assert not {p for route in writers for p in permissions_of(route)} & access.PERMISSIONS["auditor"]


@pytest.mark.parametrize("service", SERVICES)
def test_paths_are_plural_kebab_and_documented(apps: dict[str, Any], service: str) -> None:
    for route in public_routes(apps, service):
        for part in route.path.strip("/").split("/")[1:]:
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*|\{[a-z_]+\}", part), route.path
        assert (route.endpoint.__doc__ or "").strip() or route.summary, f"{route.path} has no summary"
        assert route.tags, f"{route.path} has no tag"
        assert route.include_in_schema, f"{route.path} is hidden"


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_deleted_over_http(apps: dict[str, Any], service: str) -> None:
    deleting = [route.path for route in public_routes(apps, service) if "DELETE" in (route.methods or set())]
    assert not deleting, "business rows are archived"
