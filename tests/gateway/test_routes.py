"""The route table: longest prefix, whole segments."""

from __future__ import annotations

import pytest

from gateway.routes import COMPOSED, RESOURCES, Route, RouteTable, default_routes


def test_longest_prefix_of_whole_segments_wins() -> None:
    table = RouteTable([Route("/v1/a", "one", "/v1/a"), Route("/v1/a/b/c", "two", "/x/c")])
    expected = {
        "/v1/a": "one",
        "/v1/a/": "one",
        "/v1/a/b": "one",
        "/v1/a/b/c": "two",
        "/v1/a/b/c/d": "two",
        "/v1/a/b/cd": "one",
    }
    for path, service in expected.items():
        route = table.match(path)
        assert route is not None
        assert route.service == service, path
    for path in ("/v1", "/v1/ab", "/", "", "//v1/a", "/v1//a", "/x/c"):
        assert table.match(path) is None, path


def test_paths_map_both_ways() -> None:
    route = Route("/admin/customer", "customer", "/admin")
    assert route.upstream_path("/admin/customer/parked%20x") == "/admin/parked%20x"
    assert route.public_path("/admin/parked") == "/admin/customer/parked"
    table = RouteTable([route, Route("/v1/orders", "customer", "/v1/orders")])
    assert table.of_service("customer", "/admin/parked") is route
    assert table.of_service("risk", "/admin/parked") is None
    assert table.of_service("customer", "/livez") is None


def test_a_prefix_has_one_owner() -> None:
    with pytest.raises(ValueError, match="twice"):
        RouteTable([Route("/v1/a", "one", "/v1/a"), Route("/v1/a", "two", "/v1/a")])


def test_default_table_reaches_every_resource_and_the_operational_endpoints() -> None:
    table = default_routes()
    for service, names in RESOURCES.items():
        for path in [*(f"/v1/{name}/1" for name in names), f"/admin/{service}/parked"]:
            route = table.match(path)
            assert route is not None
            assert route.service == service
            assert table.of_service(service, route.upstream_path(path)) is route
    for path in ("/livez", "/metrics", "/openapi.json", "/admin", "/v1"):
        assert table.match(path) is None


def test_every_name_has_one_owner() -> None:
    names = [*COMPOSED, *(name for owned in RESOURCES.values() for name in owned)]
    assert len(names) == len(set(names))


def test_what_the_gateway_answers_itself_is_not_routed() -> None:
    table = default_routes()
    for name in COMPOSED:
        assert table.match(f"/v1/{name}/1") is None
