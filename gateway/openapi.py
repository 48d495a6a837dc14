"""One OpenAPI document out of those of the services, with what the gateway adds."""

from __future__ import annotations

import asyncio
import copy
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from gateway.compose.parts import SCHEMA_OF
from gateway.headings import BEARER, INFO, SERVERS, add_headers, add_tags
from gateway.problems import PROBLEMS, UpstreamError
from gateway.routes import RouteTable
from gateway.upstream import Upstream, UpstreamRequest
from kit.web import bounds
from kit.web.problems import MEDIA_TYPE, Problem

Document = dict[str, Any]

logger = logging.getLogger(__name__)

METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
# Every proxied operation may answer with these, whatever its service documents.
EDGE_STATUSES = (400, 401, 403, 404, 408, 413, 414, 429, 431, 502, 503, 504)
PUBLIC_STATUSES = tuple(status for status in EDGE_STATUSES if status not in (401, 403))
_DESCRIPTIONS = {403: "The caller's role does not allow this"} | dict(PROBLEMS.values())
_REF = "#/components/"
FETCH_SECONDS = 60
"""A service makes its document when it is first asked for; that takes some seconds."""


def merge(
    documents: Mapping[str, Document], routes: RouteTable, own: Document, *, token_url: str | None = None
) -> Document:
    """Merged document: of each service the paths that are routed to it, and the gateway's `own`.

    Components of one name and different content are prefixed with their service. Arguments stay unchanged.
    """
    own = copy.deepcopy(own)
    bounds.complete(own)
    renamed = _collisions({"gateway": own, **documents})
    merged: Document = {
        "openapi": "3.1.0",
        "info": own["info"] | INFO,
        "servers": SERVERS,
        "paths": {},
        "components": {},
        "security": [{"bearer": []}],
    }
    named = Counter(
        operation.get("operationId")
        for document in (own, *documents.values())
        for item in document.get("paths", {}).values()
        for method, operation in item.items()
        if method in METHODS
    )
    tags: dict[str, list[Document]] = {}
    for service, document in {"gateway": own, **documents}.items():
        part = _renaming_refs(document, {key for key in renamed if _component(document, key)}, service)
        tags[service] = _own_tags(part, service)
        for path, item in part.get("paths", {}).items():
            public = _public_path(routes, service, path)
            if public is not None:
                merged["paths"][public] = _path_item(item, service, named, _open_methods(routes, public))
        for (kind, name), body in _components(part):
            key = f"{service}.{name}" if (kind, name) in renamed else name
            merged["components"].setdefault(kind, {})[key] = body
    merged = _with_parts(merged, merged["components"].get("schemas", {}))
    _add_edge(merged["components"], _edge_statuses(merged["paths"]), token_url)
    add_headers(merged)
    _share_problems(merged)
    add_tags(merged, tags)
    return merged


def _share_problems(merged: Document) -> None:
    """Problems that several operations answer alike are written once, under the words that describe them."""
    answered = [operation["responses"] for item in merged["paths"].values() for operation in item.values()]
    problems = [
        (answers, status, orjson.dumps(answer, option=orjson.OPT_SORT_KEYS))
        for answers in answered
        for status, answer in answers.items()
        if MEDIA_TYPE in answer.get("content", ())
    ]
    known, counts = merged["components"]["responses"], Counter(body for _, _, body in problems)
    for answers, status, body in problems:
        name = f"{re.sub('[^A-Za-z]', '', answers[status]['description'].title())}{status}"
        if counts[body] > 1 and known.setdefault(name, answers[status]) == answers[status]:
            answers[status] = {"$ref": f"{_REF}responses/{name}"}


def _with_parts(node: Any, schemas: Mapping[str, Any]) -> Any:
    """The document, with references to schemas of services where composed answers have their parts; while a service
    cannot be reached, its parts are any object."""
    if isinstance(node, list):
        return [_with_parts(value, schemas) for value in node]
    if not isinstance(node, dict):
        return node
    if SCHEMA_OF in node:
        name = node[SCHEMA_OF]
        found = next((key for key in (name, name.partition(".")[2]) if key in schemas), None)
        return {"$ref": f"{_REF}schemas/{found}"} if found else {"type": "object"}
    return {key: _with_parts(value, schemas) for key, value in node.items()}


def _own_tags(part: Document, service: str) -> list[Document]:
    """The tags of a part; `operations`, which every service has, is renamed in place."""
    for item in part.get("paths", {}).values():
        for method, operation in item.items():
            if method in METHODS and "tags" in operation:
                operation["tags"] = [_tag_name(tag, service) for tag in operation["tags"]]
    return [{**tag, "name": _tag_name(tag["name"], service)} for tag in part.get("tags", ())]


def _tag_name(tag: str, service: str) -> str:
    return f"{service} operations" if tag == "operations" else tag


def _public_path(routes: RouteTable, service: str, path: str) -> str | None:
    if service == "gateway":
        return path
    route = routes.of_service(service, path)
    return route.public_path(path) if route else None


def _open_methods(routes: RouteTable, path: str) -> set[str]:
    """Methods of a path that ask for no bearer token."""
    route = routes.match(path)
    return {method for method in METHODS if route is not None and route.secret_of(method.upper(), path) is not None}


def _path_item(item: Document, service: str, named: Mapping[Any, int], is_open: set[str]) -> Document:
    for method, operation in item.items():
        if method not in METHODS:
            continue
        if service != "gateway":
            operation["security"] = [] if method in is_open else [{"bearer": []}]
        operation.setdefault("security", [])
        identifier = operation.get("operationId")
        if named[identifier] > 1:
            operation["operationId"] = f"{identifier}_of_{service}"
        if operation["security"] or method in is_open:
            for status in EDGE_STATUSES if operation["security"] else PUBLIC_STATUSES:
                operation.setdefault("responses", {}).setdefault(str(status), {"$ref": f"{_REF}responses/Edge{status}"})
    return item


def _add_edge(components: Document, used: set[int], token_url: str | None) -> None:
    """The answers that operations refer to, their schema and the security scheme."""
    schemas = components.setdefault("schemas", {})
    prefix = "" if schemas.get("Problem", _problem("")["Problem"]) == _problem("")["Problem"] else "Edge"
    schemas |= _problem(prefix)
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}schemas/{prefix}Problem"}}}
    components.setdefault("responses", {}).update(
        {f"Edge{status}": {"description": _DESCRIPTIONS[status], "content": content} for status in sorted(used)}
    )
    scheme: Document = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": BEARER}
    if token_url is not None:
        scheme = {
            "type": "oauth2",
            "description": BEARER,
            "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": {}}},
        }
    components["securitySchemes"] = {"bearer": scheme}


def _edge_statuses(paths: Document) -> set[int]:
    operations = [item[method] for item in paths.values() for method in METHODS & item.keys()]
    answers = [answer for operation in operations for answer in operation["responses"].values()]
    return {status for status in EDGE_STATUSES if {"$ref": f"{_REF}responses/Edge{status}"} in answers}


def _problem(prefix: str) -> Document:
    """The schemas of a problem document, their names with a prefix."""
    schema = Problem.model_json_schema(ref_template=f"{_REF}schemas/{prefix}{{model}}")
    bounds.complete(schema)
    inner = {f"{prefix}{name}": body for name, body in schema.pop("$defs", {}).items()}
    return {f"{prefix}Problem": schema, **inner}


def _components(document: Document) -> Iterator[tuple[tuple[str, str], Any]]:
    for kind, entries in document.get("components", {}).items():
        if kind != "securitySchemes":
            for name, body in entries.items():
                yield (kind, name), body


def _component(document: Document, key: tuple[str, str]) -> bool:
    return key[1] in document.get("components", {}).get(key[0], {})


def _collisions(documents: Mapping[str, Document]) -> set[tuple[str, str]]:
    """Names with different bodies, and names whose bodies are equal but refer to such a name."""
    bodies: dict[tuple[str, str], list[Any]] = {}
    for document in documents.values():
        for key, body in _components(document):
            bodies.setdefault(key, []).append(body)
    shared = {key: found for key, found in bodies.items() if len(found) > 1}
    colliding = {key for key, found in shared.items() if any(body != found[0] for body in found)}
    while True:
        more = {key for key in shared.keys() - colliding if colliding & set(_references(shared[key][0]))}
        if not more:
            return colliding
        colliding |= more


def _references(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
    elif isinstance(node, str) and node.startswith(_REF) and node.count("/") == 3:
        kind, name = node.removeprefix(_REF).split("/")
        yield kind, name


def _renaming_refs(document: Document, renamed: set[tuple[str, str]], service: str) -> Document:
    texts = {f"{_REF}{kind}/{name}": f"{_REF}{kind}/{service}.{name}" for kind, name in renamed}
    return copy.deepcopy(document) if not texts else _mapped(document, lambda text: texts.get(text, text))


def _mapped(node: Any, change: Callable[[str], str]) -> Any:
    if isinstance(node, dict):
        return {key: _mapped(value, change) for key, value in node.items()}
    if isinstance(node, list):
        return [_mapped(value, change) for value in node]
    return change(node) if isinstance(node, str) else node


def for_swagger_4(node: Any) -> Any:
    """The document in the dialect of OpenAPI 3.0, all that the bundled page can show: `null` types become nullable."""
    if isinstance(node, list):
        return [for_swagger_4(value) for value in node]
    if not isinstance(node, dict):
        return node
    plain = {key: for_swagger_4(value) for key, value in node.items()}
    if plain.get("openapi") == "3.1.0":
        plain["openapi"] = "3.0.3"
    options = plain.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        left = [option for option in options if option != {"type": "null"}]
        del plain["anyOf"]
        plain |= left[0] if len(left) == 1 and "$ref" not in left[0] else {"anyOf": left}
        plain["nullable"] = True
    return plain


class MergedDocument:
    """Fetches the services' documents on first use; the result is kept once all of them have answered."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        routes: RouteTable,
        own: Callable[[], Document],
        token_url: str | None = None,
        documents: Mapping[str, Document] | None = None,
    ) -> None:
        self._upstreams, self._routes, self._own, self._token_url = upstreams, routes, own, token_url
        self._documents: dict[str, Document] = dict(documents or {})
        self._merged: Document | None = None
        self._asking = asyncio.Lock()

    async def get(self) -> Document:
        """The merged document, without services that cannot be reached now (`x-missing` names them)."""
        async with self._asking:
            return self._merged or await self._ask()

    async def _ask(self) -> Document:
        for service, upstream in self._upstreams.items():
            if service not in self._documents:
                document = await _fetch(service, upstream)
                if document is not None:
                    self._documents[service] = document
        merged = await asyncio.to_thread(
            merge,
            {name: self._documents[name] for name in sorted(self._documents)},
            self._routes,
            self._own(),
            token_url=self._token_url,
        )
        missing = sorted(self._upstreams.keys() - self._documents.keys())
        if missing:
            return {**merged, "x-missing": missing}
        self._merged = merged
        return merged


async def _fetch(service: str, upstream: Upstream) -> Document | None:
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),
            upstream.open(UpstreamRequest("GET", "/openapi.json", "", [])) as response,
        ):
            body = b"".join([chunk async for chunk in response.body])
            if response.status == 200:
                document: Document = orjson.loads(body)
                return document
            logger.warning("%s has no OpenAPI document (%d)", service, response.status)
    except (UpstreamError, TimeoutError, ValueError) as error:
        logger.warning("OpenAPI document of %s not obtained: %s", service, error)
    return None
