"""A filled system as tests of its whole API use it: tokens, real ids for every reference, seeded oddities."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx

from cli.load.client import DEVELOPMENT_SECRET
from kit.testing.native import run_apart

SERVICES = ("channels", "customer", "risk", "targets")
TEXTS = ("code", "sku", "subject", "name")
DEADLINE_SECONDS = 30


class World:
    """`ids` are real values by the name of the field or path parameter that refers to them."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.http = httpx.Client(base_url=url, timeout=30)
        self.tokens: dict[str, str] = {}
        self.document: dict[str, Any] = self.http.get("/openapi.json").json()
        self.operations = {
            f"{method.upper()} {path}": operation
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        }
        self.ids: dict[str, list[Any]] = {}

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def token(self, principal: str = "admin") -> str:
        """A bearer token of a demo principal."""
        if principal not in self.tokens:
            form = {"grant_type": "client_credentials", "client_id": principal, "client_secret": DEVELOPMENT_SECRET}
            self.tokens[principal] = self.http.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
        return self.tokens[principal]

    def send(self, method: str, path: str, body: Any = None, *, by: str = "admin", **options: Any) -> httpx.Response:
        """One request; `body` as JSON unless `content` is given."""
        headers = {"Authorization": f"Bearer {self.token(by)}", **options.pop("headers", {})}
        if body is not None:
            options["json"] = body
        elif "content" in options:
            headers.setdefault("Content-Type", "application/json")
        return self.http.request(method, path, headers=headers, **options)

    def get(self, path: str, by: str = "admin", **params: Any) -> Any:
        """The JSON of a GET that must succeed."""
        return self.send("GET", path, by=by, params=params).raise_for_status().json()

    def make(self, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The JSON of a POST that must succeed."""
        answer = self.send("POST", path, body, **options)
        assert answer.is_success, f"POST {path}: {answer.status_code} {answer.text}"
        made: dict[str, Any] = answer.json()
        return made

    def etag(self, path: str) -> dict[str, str]:
        """If-Match with the version as it is now."""
        return {"If-Match": self.send("GET", path).raise_for_status().headers["ETag"]}

    def until(self, check: Callable[[], Any]) -> Any:
        """Poll until `check` gives something true."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (seen := check()):
            assert time.monotonic() < deadline, "did not become true"
            time.sleep(0.02)
        return seen

    def settled(self) -> None:
        """Wait until every event has been sent and applied."""
        self.until(lambda: all(self.get(f"/admin/{name}/status")["settled"] for name in SERVICES))

    # real values

    def learn(self) -> None:
        """Collect the ids of what exists."""

        def first(path: str, field: str = "id", **params: Any) -> list[Any]:
            return [item[field] for item in self.get(path, limit=20, sort="-" + field, **params)["items"]]

        orders = self.get("/v1/orders", limit=20, state="fulfilled")["items"] or self.get("/v1/orders")["items"]
        targets = self.get("/v1/targets", limit=5, **{"parent_id[null]": "true"})["items"]
        split = [self.get(f"/v1/targets/{item['id']}/decompositions")["items"] for item in targets]
        contact = self.make("/v1/contacts", {"account_id": orders[0]["account_id"], "name": "Zhang Wei"})["id"]
        consent = self.make(f"/v1/contacts/{contact}/consents", self.example("POST /v1/contacts/{contact_id}/consents"))
        book = self.make("/v1/price-books", self.example("POST /v1/price-books"))["id"]
        self.make(f"/v1/price-books/{book}/publish")
        group = self.make("/v1/promotion-groups", self.example("POST /v1/promotion-groups"))["id"]
        promotion = self.example("POST /v1/promotions") | {"group_id": group, "products": {}}
        rule_set = self.make("/v1/rule-sets", self.example("POST /v1/rule-sets"))["id"]
        run = self.make(f"/v1/rule-sets/{rule_set}/run", {"dry_run": True})["id"]
        self.until(lambda: self.get(f"/v1/rule-sets/runs/{run}")["state"] not in ("queued", "running"))
        channel = self.make("/v1/channels", self.example("POST /v1/channels"))["id"]
        cost = self.example("POST /v1/channel-costs") | {"channel_id": channel}
        found = {
            "channel_id": [channel],
            "cost_id": [self.make("/v1/channel-costs", cost)["id"]],
            "group_id": [group],
            "promotion_id": [self.make("/v1/promotions", promotion)["id"]],
            "rule_set_id": [rule_set],
            "run_id": [run],
            "contact_id": [contact],
            "activity_id": [self.make("/v1/activities", self.example("POST /v1/activities"))["id"]],
            "consent_id": [consent["id"]],
            "product_id": first("/v1/products"),
            "book_id": [book],
            "partner_id": first("/v1/partners", state="active"),
            "programme_id": first("/v1/rebate-programmes"),
            "account_id": [order["account_id"] for order in orders],
            "order_id": [order["id"] for order in orders],
            "payment_id": first("/v1/payments"),
            "decision_id": first("/v1/credit-decisions"),
            "policy_id": first("/v1/risk-policies"),
            "unit_id": first("/v1/units", kind="team"),
            "member_id": [item["id"] for item in self.get("/v1/members", code="rep-31")["items"]],
            "target_id": [item["id"] for item, parts in zip(targets, split, strict=True) if parts],
            "decomposition_id": [parts[0]["id"] for parts in split if parts],
            "sku": first("/v1/products", "sku"),
        }
        found |= {"owner_id": found["member_id"], "parent_id": found["unit_id"], "root_id": found["target_id"]}
        self.ids |= found | {"calendar-days.date": ["2031-05-04"]}
        assert all(self.ids.values()), f"nothing known of {[name for name, ids in self.ids.items() if not ids]}"

    def real(self, node: Any, keep: Callable[[str], bool] = lambda _name: False) -> Any:
        """A body with every reference replaced by a real one, unless `keep` says otherwise of its name."""
        if isinstance(node, list):
            return [self.real(value, keep) for value in node]
        if not isinstance(node, dict):
            return node
        return {
            name: self.ids[name][0]
            if name in self.ids and isinstance(value, str) and not keep(name)
            else self.real(value, keep)
            for name, value in node.items()
        }

    def example(self, key: str) -> dict[str, Any]:
        """The documented example of an operation's body, with real references and a fresh name."""
        content = self.operations[key]["requestBody"]["content"]["application/json"]
        body = self.real(deepcopy(self.resolve(content["schema"])["example"]), lambda name: name == "sku")
        return {name: f"{value}-{uuid4().hex[:8]}" if name in TEXTS else value for name, value in body.items()}

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """What a schema refers to."""
        if "$ref" not in schema:
            return schema
        node: Any = self.document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        return self.resolve(node)

    # what no request can do

    def seed(self) -> None:
        """A parked event and a queued job in every service, written into its database."""
        for service in SERVICES:
            key = f"{service}-key"
            parked = [(_PARKED, f"crmesh.{service}.core", key, uuid4()) for _ in range(2)]
            jobs = [(_JOB, uuid4()) for _ in range(2)]
            self.ids[f"{service}.parked_id"] = [row["id"] for row in self.query(service, *parked)]
            self.ids[f"{service}.job_id"] = [str(row["id"]) for row in self.query(service, *jobs)]

    def footprint(self) -> dict[str, tuple[int, str]]:
        """(rows, hash of all rows) of every table of every service, outbox, audit and keys included.

        Audit tables are only counted: their rows are sealed afterwards.
        """
        found = {}
        for service in SERVICES:
            tables = [row["tablename"] for row in self.query(service, (_TABLES,))]
            parts = (
                f"SELECT '{table}' AS name, count(*) AS rows, "
                "coalesce(md5(string_agg(row, '|' ORDER BY row)), '') AS hash "
                f'FROM (SELECT {"1" if table == "audit_log" else "t"}::text AS row FROM "{table}" t) AS s'
                for table in tables
                if table == "audit_log" or "audit" not in table
            )
            for row in self.query(service, (" UNION ALL ".join(parts),)):
                found[f"{service}.{row['name']}"] = (row["rows"], row["hash"])
        return found

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Nothing in any database changes meanwhile."""
        before = self.footprint()
        yield
        after = self.footprint()
        assert before == after, f"changed: {sorted(name for name in after if after[name] != before.get(name))}"

    def query(self, service: str, *statements: tuple[Any, ...]) -> list[Any]:
        """Rows of each statement (text and arguments), straight from a service's database."""
        address = urlsplit(json.loads((self.folder / "system.json").read_text())["postgres"])

        async def ask() -> list[Any]:
            connection = await asyncpg.connect(urlunsplit(address._replace(path=f"/crmesh_{service}")))
            try:
                return [row for text, *values in statements for row in await connection.fetch(text, *values)]
            finally:
                await connection.close()

        return run_apart(ask())


_PARKED = (
    "INSERT INTO parked_event (grp, key, event_id, type, topic, partition, log_offset, headers, value, error, attempts)"
    " VALUES ($1, $2, $3, 'none.v1', 'none', 0, 0, '[]', '{}', 'seeded', 1) RETURNING id"
)
_JOB = "INSERT INTO job (id, kind, params, requested_by) VALUES ($1, 'seeded', '{}', 'admin') RETURNING id"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
