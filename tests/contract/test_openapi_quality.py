"""The merged OpenAPI document as those who build on it need it: names, examples, problems, pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import ValidationError

from cli.contracts import make_apps, merged_openapi

WORDS = """
acknowledge activate adjust agree allocate amend analyse appeal apply appoint approve arbitrate archive
assess assign
calculate cancel change check close complete convert copy create
decide discard dismiss dispute disqualify draft draw drop
end escalate estimate execute extend
fulfil
generate get give
investigate
join judge
lift link list litigate lose
mark mediate meet merge monitor move
negotiate
open override
pause pay place preview promote propose publish
qualify
raise read rebase recalculate receive recompute reconcile refresh refund register reject release renew reopen
reorganise replace rescore reset resolve respond restore resume retire retry return revert review revise run
screen set settle sign simulate start state submit suspend
terminate test transfer
unmerge update upsert
verify void
waive win withdraw
"""
VERBS = frozenset(WORDS.split())


@pytest.fixture(scope="module")
def apps() -> dict[str, Any]:
    return make_apps()


@pytest.fixture(scope="module")
def document(apps: dict[str, Any]) -> dict[str, Any]:
    return asyncio.run(merged_openapi({service: app.openapi() for service, app in apps.items()}))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def nodes(node: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document with its place."""
    if isinstance(node, dict):
        yield where, node
        for name, value in node.items():
            yield from nodes(value, f"{where}/{name}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{where}/{index}")


def complaints(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Why a value does not fit a schema of the document."""
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole, validate_formats=True).iter_errors(value)]


def test_operation_ids_are_unique_and_say_what_is_done(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    for name in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
        assert name.split("_")[0] in VERBS, name


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    for key, operation in operations(document):
        assert operation["summary"], key
        assert operation.get("description"), f"{key} has no description"
        assert operation["tags"], key
        for parameter in operation.get("parameters", ()):
            assert parameter["schema"], f"{key} {parameter['name']}"


def test_no_name_is_shadowed_in_generated_clients(document: dict[str, Any]) -> None:
    """openapi-python-client reads a body from a local `d`, and has locals `client` and `response` beside parameters;
    what is called so compiles, and fails when it runs."""
    for name, schema in document["components"]["schemas"].items():
        assert "d" not in schema.get("properties", ()), f"{name}.d"
    for key, operation in operations(document):
        names = {resolved(document, parameter)["name"] for parameter in operation.get("parameters", ())}
        assert not names & {"client", "response"}, key


def test_every_problem_has_the_same_schema(document: dict[str, Any]) -> None:
    for key, operation in operations(document):
        if not key.split()[1].startswith(("/v1", "/admin")):
            continue
        statuses = set(operation["responses"])
        takes_input = "requestBody" in operation or operation.get("parameters")
        asks = {"401", "403"} if operation["security"] else set()
        assert bool(asks) == bool({"401", "403"} & statuses), key
        assert {"400", "503"} | asks | ({"422"} if takes_input else set()) <= statuses, key
        for status in statuses:
            answer = resolved(document, operation["responses"][status])
            if status >= "400":
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, f"{key} {status}"
            assert answer["description"], f"{key} {status}"
    assert {"code", "detail", "errors", "retryable", "status", "title", "trace_id", "type"} == set(
        document["components"]["schemas"]["Problem"]["properties"]
    )


def test_lists_document_their_pages(document: dict[str, Any]) -> None:
    pages = 0
    for key, operation in operations(document):
        if not operation["operationId"].startswith("list_") or key.startswith("GET /admin"):
            continue
        pages += 1
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert {"limit", "cursor", "sort", "fields", "count"} <= names, key
        answer = operation["responses"]["200"]
        assert "Link" in answer["headers"], key
        page = resolved(document, answer["content"]["application/json"]["schema"])
        assert set(page["properties"]) == {"items", "next_cursor", "count"}, key
    assert pages > 15


def test_changes_document_their_versions(document: dict[str, Any]) -> None:
    for key, operation in operations(document):
        names = {parameter["name"] for parameter in operation.get("parameters", ())}
        # a part of a file takes the place of what it was: the same body again changes nothing
        if key.startswith(("PATCH", "PUT")) and "/parts/" not in key:
            assert "If-Match" in names, key
            assert {"412", "428"} <= set(operation["responses"]), key
            assert "ETag" in operation["responses"]["200"]["headers"], key
        is_kept = bool(operation["security"]) and not key.startswith("GET")
        assert ("Idempotency-Key" in names) == is_kept, key


def test_examples_and_defaults_fit_their_own_schemas(document: dict[str, Any]) -> None:
    tried = 0
    for where, node in nodes(document["components"]["schemas"]):
        if where.endswith("/properties"):
            continue
        examples = [node["example"]] if "example" in node else []
        examples += node["examples"] if isinstance(node.get("examples"), list) else []
        if node.get("type") and "default" in node and node["default"] is not None:
            examples.append(node["default"])
        for example in examples:
            assert complaints(document, node, example) == [], f"{where}: {example}"
            tried += 1
    assert tried > 30


def test_every_body_has_an_example_that_the_service_reads(document: dict[str, Any], apps: dict[str, Any]) -> None:
    """A batch shows its rows by their schema instead."""
    for key, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None or key.endswith("/retries"):
            continue
        schema = resolved(document, content["schema"])
        if key.endswith("/batch"):
            row = resolved(document, schema["properties"]["rows"]["items"])
            assert row["properties"], key
            assert row["additionalProperties"] is False, key
        else:
            assert "example" in schema, f"{key} has no example"
    read = 0
    for app in apps.values():
        for route in app.routes:
            for model in bodies_of(route):
                if example := (model.model_config.get("json_schema_extra") or {}).get("example"):
                    try:
                        model.model_validate(example)
                    except ValidationError as error:
                        pytest.fail(f"{model.__name__}: {error}")
                    read += 1
    assert read > 20


def bodies_of(route: Any) -> list[Any]:
    """Models of a route's body, those of included routers too."""
    inner = getattr(getattr(route, "original_router", None), "routes", None)
    if inner is not None:
        return [model for each in inner for model in bodies_of(each)]
    field = getattr(route, "body_field", None)
    return [field.field_info.annotation] if field is not None else []


def test_no_schema_is_empty_or_contradicts_itself(document: dict[str, Any]) -> None:
    for where, node in nodes(document["components"]["schemas"]):
        if where.endswith("/properties"):
            continue
        properties = node.get("properties")
        if properties is not None:
            assert set(node.get("required", ())) <= set(properties), where
        if node.get("type") == "array":
            assert node.get("items"), where
        if "enum" in node:
            assert len(node["enum"]) == len(set(node["enum"])) > 0, where
        for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
            if low in node and high in node:
                assert node[low] <= node[high], where
        assert node.get("anyOf") != [{"type": "null"}], where


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    used = {node["$ref"] for _, node in nodes(document) if isinstance(node.get("$ref"), str)}
    for reference in used:
        resolved(document, {"$ref": reference})
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert schemas - used == set(), "schemas that nothing uses"


def test_no_two_enums_share_their_title(document: dict[str, Any]) -> None:
    """A generator of clients names a type by its title, and gives up where two differ."""
    titles = [schema["title"] for schema in document["components"]["schemas"].values() if "enum" in schema]
    assert sorted(titles) == sorted(set(titles))


def test_items_of_lists_are_what_their_schema_names(document: dict[str, Any]) -> None:
    """A column that enters a list enters its schema too: a strict client refuses what it was not told of."""
    schemas, seen = document["components"]["schemas"], 0
    for key, operation in operations(document):
        fields = next((each for each in operation.get("parameters", ()) if each["name"] == "fields"), None)
        if fields is None:
            continue
        page = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        item = schemas[page]["properties"]["items"]["items"]["$ref"].rpartition("/")[2]
        untold = set(fields["schema"]["items"]["enum"]) - schemas[item]["properties"].keys()
        assert not untold, f"{key}: {untold}"
        seen += 1
    assert seen > 90
