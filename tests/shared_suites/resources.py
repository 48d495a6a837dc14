"""What every resource over HTTP must do: suites that a route family joins by describing itself.

    class TestPartners(Created, Listed, Patched):
        family = Family(path="/v1/partners", body=HARBOUR, numbered=lambda n: {"code": f"P-{n}"}, ...)

The module that joins has the fixture `service` of its service's conftest.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from kit.events.contract import Published
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes

_AUDITED = "action, resource, resource_id, actor, before::text, after::text"
_CHANGES = "FROM audit_log WHERE action <> 'read'"
"""What was done; who reads personal values leaves a trace too."""
Body = dict[str, Any]
METHODS = {"get", "post", "put", "patch", "delete"}


def _nothing_of(_number: int) -> Body:
    return {}


async def _nothing(_service: ServiceHarness) -> Body:
    return {}


@dataclass(frozen=True, kw_only=True)
class Family:
    """A route family.

    `body` creates a row, `numbered` gives the fields in which many differ; `needs` makes in the service what a body
    refers to and gives the fields that do. `made` makes a row that HTTP does not create, and gives its path. `patch`
    changes a row, with `reason` kept beside it where a change must say why. `reader` is a role that reads and may not
    write, `stranger` one that may not read. `foreign` is the caller (subject and role) whose record scope does not
    hold the row, `foreign_writes` whether such a role may write at all. `noun` names the resource in the audit log,
    `said` is the fact of a creation, `changed` that of a change; None: nobody is told. `installed` rows are there from
    the beginning.
    """

    path: str
    noun: str
    reader: str
    body: Body = field(default_factory=dict)
    numbered: Callable[[int], Body] = _nothing_of
    needs: Callable[[ServiceHarness], Awaitable[Body]] = _nothing
    made: Callable[[ServiceHarness], Awaitable[str]] | None = None
    patch: Body = field(default_factory=dict)
    reason: Body = field(default_factory=dict)
    stranger: str | None = None
    foreign: tuple[str, str] = ("", "")
    foreign_writes: bool = False
    said: type[Published] | None = None
    changed: type[Published] | None = None
    installed: int = 0

    def reading(self, service: ServiceHarness) -> dict[str, str]:
        """Headers of a caller who reads everything and may not write."""
        return service.headers("reader", self.reader)

    async def bodies(self, service: ServiceHarness, count: int = 2) -> list[Body]:
        """Of creations that differ."""
        body = {**self.body, **await self.needs(service)}
        return [{**body, **self.numbered(number)} for number in range(1, count + 1)]

    async def rows(self, service: ServiceHarness, count: int = 2) -> list[str]:
        """Paths of new rows."""
        if self.made is not None:
            return [await self.made(service) for _ in range(count)]
        answers = [await service.post(self.path, body) for body in await self.bodies(service, count)]
        assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
        return [f"{self.path}/{answer.json()['id']}" for answer in answers]


@dataclass(frozen=True)
class Traces:
    """How much a service has said and audited."""

    facts: int
    audited: int

    @classmethod
    async def of(cls, service: ServiceHarness) -> Traces:
        """Until now."""
        (row,) = await service.rows(f"SELECT (SELECT count(*) FROM outbox) o, (SELECT count(*) {_CHANGES}) a")
        return cls(row["o"], row["a"])

    async def since(self, service: ServiceHarness) -> tuple[list[Event], list[dict[str, Any]]]:
        """Facts and audit rows that came later."""
        facts = (await service.published())[self.facts :]
        return facts, await service.rows(f"SELECT {_AUDITED} {_CHANGES} ORDER BY id OFFSET $1", self.audited)


async def quiet(traces: Traces, service: ServiceHarness) -> bool:
    """Whether nothing was said and nothing audited since."""
    return await traces.since(service) == ([], [])


def asked(operation: Mapping[str, Any]) -> str:
    """A query with the parameters that an operation must have, as days and words."""
    wanted = [one for one in operation.get("parameters", ()) if one["in"] == "query" and one.get("required")]
    values = {one["name"]: "2026-01-31" if one["schema"].get("format") == "date" else "word" for one in wanted}
    return f"?{'&'.join(f'{name}={value}' for name, value in values.items())}" if values else ""


def example_of(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Body | None:
    """The example of an operation's body in the OpenAPI document."""
    if "requestBody" not in operation:
        return None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    example: Body = schema["example"]
    return example


class Created:
    """Rows of the family come by POST."""

    family: ClassVar[Family]

    async def test_a_creation_is_announced_and_audited(self, service: ServiceHarness) -> None:
        body, _ = await self.family.bodies(service)
        before = await Traces.of(service)
        answer = await service.post(self.family.path, body)
        assert answer.status_code == 201, answer.text
        row_id = answer.json()["id"]
        facts, audited = await before.since(service)
        said = [] if self.family.said is None else [(self.family.said.TYPE, row_id, 1)]
        assert [(fact.type, fact.subject, fact.sequence) for fact in facts] == said
        assert [(entry["resource"], entry["resource_id"], entry["actor"]) for entry in audited] == [
            (self.family.noun, row_id, "admin")
        ]
        assert (audited[0]["before"], audited[0]["after"]) != (None, None)

    async def test_a_key_gives_one_row(self, service: ServiceHarness) -> None:
        first, second = await self.family.bodies(service)
        before, headers = await Traces.of(service), service.headers(Idempotency_Key="k")
        send = partial(service.post, self.family.path, headers=headers)
        at_once = await asyncio.gather(*(send(first) for _ in range(3)))
        assert {answer.status_code for answer in at_once} <= {201, 409}
        again = await send(first)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        made = [answer for answer in (*at_once, again) if answer.status_code == 201]
        assert {(answer.text, answer.headers.get("location"), answer.headers.get("etag")) for answer in made} == {
            (again.text, again.headers.get("location"), again.headers.get("etag"))
        }
        other = await send(second)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        facts, audited = await before.since(service)
        assert (len(facts), len(audited)) == (int(self.family.said is not None), 1)

    async def test_who_may_not_write_leaves_no_trace(self, service: ServiceHarness) -> None:
        body, _ = await self.family.bodies(service)
        before = await Traces.of(service)
        answer = await service.post(self.family.path, body, headers=self.family.reading(service))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert (await service.client.post(self.family.path, json=body)).status_code == 401
        unknown = await service.post(self.family.path, {**body, "surprise": 1})
        assert (unknown.status_code, codes(unknown.json())) == (422, ["/surprise"])
        assert await quiet(before, service)


class Listed:
    """The family has a list."""

    family: ClassVar[Family]

    async def test_a_list_goes_on_where_its_page_ended(self, service: ServiceHarness) -> None:
        rows = await self.family.rows(service)
        whole = (await service.get(f"{self.family.path}?count=exact")).json()
        count = len(rows) + self.family.installed
        assert (len(whole["items"]), whole["count"], whole["next_cursor"]) == (count, count, None)
        first = (await service.get(f"{self.family.path}?limit=1")).json()
        second = (await service.get(f"{self.family.path}?limit={count - 1}&cursor={first['next_cursor']}")).json()
        assert ([*first["items"], *second["items"]], second["next_cursor"]) == (whole["items"], None)

    async def test_unknown_parameters_are_named(self, service: ServiceHarness) -> None:
        for query, pointer in (("surprise=1", "surprise"), ("sort=surprise", "sort"), ("fields=surprise", "fields")):
            answer = await service.get(f"{self.family.path}?{query}")
            assert (answer.status_code, codes(answer.json())) == (400, [pointer]), query

    async def test_who_may_read(self, service: ServiceHarness) -> None:
        path = (await self.family.rows(service))[0] if isinstance(self, Read) else self.family.path
        for where in (self.family.path, path):
            assert (await service.get(where, headers=self.family.reading(service))).status_code == 200
            if self.family.stranger is not None:
                answer = await service.get(where, headers=service.headers("stranger", self.family.stranger))
                assert answer.status_code == 403


class Read:
    """Each row of the family has an address."""

    family: ClassVar[Family]

    async def test_a_row_has_an_address_and_a_version(self, service: ServiceHarness) -> None:
        if self.family.made is not None:
            path = await self.family.made(service)
        else:
            answer = await service.post(self.family.path, (await self.family.bodies(service))[0])
            path = answer.headers["location"]
            assert (path, answer.headers["etag"]) == (f"{self.family.path}/{answer.json()['id']}", '"1"')
            assert (await service.get(path)).json() == answer.json()
        read = await service.get(path)
        assert (read.status_code, read.headers["etag"]) == (200, f'"{read.json()["version"]}"')

    async def test_unknown_ids_are_not_found_by_any_operation(self, service: ServiceHarness) -> None:
        document = service.app.openapi()
        tried = 0
        for template, operations in document["paths"].items():
            if not template.startswith(f"{self.family.path}/{{") or template.count("{") != 1:
                continue
            path = re.sub(r"\{[^}]+\}", str(new_id()), template)
            for method in METHODS & operations.keys():
                headers = service.headers(**({"If_Match": '"1"'} if method in ("put", "patch") else {}))
                body = example_of(document, operations[method])
                answer = await service.request(method.upper(), path + asked(operations[method]), body, headers=headers)
                assert answer.status_code == 404, (method, template, answer.text)
                assert answer.json()["code"].endswith("not-found")
                tried += 1
        assert tried


class Patched(Read):
    """Rows of the family change by PATCH under their version."""

    async def test_a_change_is_announced_and_audited(self, service: ServiceHarness) -> None:
        path, _ = await self.family.rows(service)
        row, before = (await service.get(path)).json(), await Traces.of(service)
        version = row["version"]
        answer = await service.patch(path, {**self.family.patch, **self.family.reason}, version)
        assert (answer.status_code, answer.headers["etag"]) == (200, f'"{version + 1}"'), answer.text
        after = answer.json()
        assert {name: after[name] for name in self.family.patch} == self.family.patch
        assert (await service.get(path)).json() == after
        facts, audited = await before.since(service)
        fact = self.family.changed
        changed = [] if fact is None else [(fact.TYPE, path.rpartition("/")[2], version + 1, sorted(self.family.patch))]
        assert [(f.type, f.subject, f.sequence, sorted(f.payload["changed"])) for f in facts] == changed
        assert len({f.key for f in await service.published() if f.subject == path.rpartition("/")[2]}) <= 1
        assert [(entry["resource"], entry["before"] == entry["after"]) for entry in audited] == [
            (self.family.noun, False)
        ]

    async def test_a_change_without_effect_is_none(self, service: ServiceHarness) -> None:
        path, _ = await self.family.rows(service)
        row, before = (await service.get(path)).json(), await Traces.of(service)
        same = {name: row[name] for name in self.family.patch}
        answer = await service.patch(path, {**same, **self.family.reason}, row["version"])
        assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, row, f'"{row["version"]}"')
        assert await quiet(before, service)

    async def test_a_change_needs_the_version_that_stands(self, service: ServiceHarness) -> None:
        path, _ = await self.family.rows(service)
        body, version = {**self.family.patch, **self.family.reason}, (await service.get(path)).json()["version"]
        before = await Traces.of(service)
        assert (await service.patch(path, body, version + 1)).status_code == 412
        assert (await service.request("PATCH", path, body)).status_code == 428
        assert (await service.patch(path, body, version, headers=self.family.reading(service))).status_code == 403
        assert await quiet(before, service)
        answers = await asyncio.gather(*(service.patch(path, body, version) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412]


class Scoped:
    """Rows of the family belong to somebody."""

    family: ClassVar[Family]

    async def test_what_belongs_to_others_is_not_there(self, service: ServiceHarness) -> None:
        path, _ = await self.family.rows(service)
        headers = service.headers(*self.family.foreign)
        assert (await service.get(path, headers=headers)).status_code == 404
        assert (await service.get(self.family.path, headers=headers)).json()["items"] == []
        version = (await service.get(path)).json()["version"]
        body = {**self.family.patch, **self.family.reason}
        answer = await service.patch(path, body, version, headers=headers)
        assert answer.status_code == (404 if self.family.foreign_writes else 403)
