"""A filled system as tests of its whole API use it: tokens, real ids for every reference, seeded oddities."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import httpx

from cli.load.client import DEVELOPMENT_SECRET
from kit.testing.native import run_apart
from tests.e2e.learned import actions, coupons, drawn, kept, ranked, reported, stated

SERVICES = ("channels", "customer", "risk", "targets")
TEXTS = ("code", "sku", "subject", "name")
DEADLINE_SECONDS = 30
POLL_SECONDS = 0.1
"""A look is a request to each service: looking without a pause takes the time from what is waited for."""
SETTLED_SECONDS = 240
"""Targets tell at the end of their minute, and at most once a minute."""


class World:
    """`ids` are real values by the name of the field or path parameter that refers to them."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.http = httpx.Client(base_url=url, timeout=30)
        self.tokens: dict[str, tuple[str, float]] = {}
        self.document: dict[str, Any] = self.http.get("/openapi.json", timeout=300).json()
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
        """A bearer token of a demo principal, another one before it expires."""
        known, until = self.tokens.get(principal, ("", 0.0))
        if time.monotonic() < until:
            return known
        form = {"grant_type": "client_credentials", "client_id": principal, "client_secret": DEVELOPMENT_SECRET}
        given = self.http.post("/oauth/token", data=form).raise_for_status().json()
        self.tokens[principal] = given["access_token"], time.monotonic() + given["expires_in"] / 2
        return self.tokens[principal][0]

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
        return self.send("GET", path, by=by, params=params or None).raise_for_status().json()

    def make(self, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The JSON of a POST that must succeed."""
        answer = self.send("POST", path, body, **options)
        assert answer.is_success, f"POST {path}: {answer.status_code} {answer.text}"
        made: dict[str, Any] = answer.json()
        return made

    def etag(self, path: str) -> dict[str, str]:
        """If-Match with the version as it is now."""
        return {"If-Match": self.send("GET", path).raise_for_status().headers["ETag"]}

    def until(self, check: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
        """Poll until `check` gives something true."""
        deadline = time.monotonic() + seconds
        while not (seen := check()):
            assert time.monotonic() < deadline, "did not become true"
            time.sleep(POLL_SECONDS)
        return seen

    def settled(self) -> None:
        """Wait until every event has been sent and applied, every account compared with all others, and looked at after
        its orders, which tells more, and every target has told of its minute how far it is."""
        self.until(lambda: self._is_quiet() and not self._is_waiting() and self._is_quiet(), SETTLED_SECONDS)

    def _is_waiting(self) -> bool:
        looks = (_MARKS,), ("SELECT FROM identity_check LIMIT 1",)
        return bool(self.query("customer", *looks) or self.query("targets", (_NEWS,)))

    def _is_quiet(self) -> bool:
        return all(self.get(f"/admin/{name}/status")["settled"] for name in SERVICES)

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
        promotion = self.example("POST /v1/promotions") | {"group_id": group, "products": {}, "needs_coupon": True}
        promotion_id = self.make("/v1/promotions", promotion)["id"]
        rule_set = self.make("/v1/rule-sets", self.example("POST /v1/rule-sets"))["id"]
        run = self.make(f"/v1/rule-sets/{rule_set}/run", {"dry_run": True})["id"]
        self.until(lambda: self.get(f"/v1/rule-sets/runs/{run}")["state"] not in ("queued", "running"))
        rfm = self.make("/v1/rfm-runs", {"days": 365})["id"]
        self.until(lambda: self.get(f"/v1/rfm-runs/{rfm}")["state"] not in ("queued", "running"))
        scan = self.make("/v1/duplicate-scans")["id"]
        self.until(lambda: self.get(f"/v1/duplicate-scans/{scan}")["state"] not in ("queued", "running"))
        grading = self.make("/v1/grading-runs", {"dry_run": True})["id"]
        self.until(lambda: self.get(f"/v1/grading-runs/{grading}")["state"] not in ("queued", "running"))
        churn_fit = self.make("/v1/churn-fits", {})["id"]
        self.until(lambda: self.get(f"/v1/churn-fits/{churn_fit}")["state"] not in ("queued", "running"))
        channel = self.make("/v1/channels", self.example("POST /v1/channels"))["id"]
        cost = self.example("POST /v1/channel-costs") | {"channel_id": channel}
        partner = first("/v1/partners", state="active")
        agreed = self.example("POST /v1/agreements") | {"partner_id": partner[0]}
        claim = self.example("POST /v1/deals") | {"partner_id": partner[0], "customer_name": f"Learned {uuid4().hex}"}
        claim["domain"] = None
        found = {
            "channel_id": [channel],
            "cost_id": [self.make("/v1/channel-costs", cost)["id"]],
            "group_id": [group],
            "promotion_id": [promotion_id],
            "coupon_run_id": [coupons(self, promotion_id)],
            "rule_set_id": [rule_set],
            "run_id": [run],
            "rfm_run_id": [rfm],
            "grading_run_id": [grading],
            "churn_fit_id": [churn_fit],
            "contact_id": [contact],
            "activity_id": [self.make("/v1/activities", self.example("POST /v1/activities"))["id"]],
            "pipeline_id": [item["id"] for item in self.get("/v1/pipelines")["items"]],
            "case_id": [self.make("/v1/cases", self.example("POST /v1/cases"))["id"]],
            "customer_policy_id": first("/v1/customer-policies"),
            "consent_id": [consent["id"]],
            "candidate_id": [self._pair()],
            "scan_id": [scan],
            "merge_id": [self._merge()],
            **self._asked(orders[0]["account_id"]),
            "product_id": first("/v1/products"),
            "book_id": [book],
            "conflict_id": [self._conflict()],
            "deal_id": [self.make("/v1/deals", claim, by="rep-31")["id"]],
            "agreement_id": [self.make("/v1/agreements", agreed)["id"]],
            "partner_id": partner,
            **ranked(self, partner[0]),
            **kept(self, partner[0]),
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
            "kpi_id": [item["id"] for item in self.get("/v1/kpis", code="signed-amount")["items"]],
            "observation_id": [self.make("/v1/observations", self.observation())["id"]],
        }
        active = [item["id"] for item, parts in zip(targets, split, strict=True) if parts and item["state"] == "active"]
        found["plan_id"] = [self.make("/v1/plans", {"root_id": active[0], "name": "What if"})["id"]]
        found["alert_id"] = [self.behind(self.get(f"/v1/targets/{active[0]}")["unit_id"])]
        self.ids |= {"account_id": found["account_id"]}
        found["lead_id"] = [self.make("/v1/leads", self.example("POST /v1/leads"))["id"]]
        owned = {"kind": "organization", "name": "Learned buyer", "owner_id": found["member_id"][0]}
        buyer = self.make("/v1/accounts", owned)["id"]
        found["terms_reservation_id"] = [self.reservation(self.from_quote(buyer))]
        club = self.make("/v1/points-programmes", self.example("POST /v1/points-programmes"))["id"]
        joined = self.make(f"/v1/points-programmes/{club}/join", {"account_id": found["account_id"][0]})
        member = joined["id"]
        asked = self.make(f"/v1/points-accounts/{member}/adjust", {"points": 5, "reason": "Learned"})["id"]
        found |= {"points_programme_id": [club], "points_account_id": [member], "points_adjustment_id": [asked]}
        found |= drawn(self, found["account_id"][0])
        adjusted, statement = stated(self, partner[0])
        found |= {"rebate_adjustment_id": [adjusted], **statement}
        made = self.make("/v1/imports", self.example("POST /v1/imports"))["id"]
        found |= {"import_id": [made], "part_no": ["1"]}
        found["segment_id"] = [self.make("/v1/segments", self.example("POST /v1/segments"))["id"]]
        key = {"key": "learned"}
        found["custom_field_id"] = [
            self.make("/v1/custom-fields", {**self.example("POST /v1/custom-fields"), **key})["id"]
        ]
        found["opportunity_id"] = [self.make("/v1/opportunities", self.example("POST /v1/opportunities"))["id"]]
        found |= {"owner_id": found["member_id"], "parent_id": found["unit_id"], "root_id": found["target_id"]}
        self.ids |= found | {"calendar-days.date": ["2031-05-04"], "roles.role": ["sales_rep"]}
        self.ids["territory_id"] = [self.make("/v1/territories", self.example("POST /v1/territories"))["id"]]
        self.ids |= actions(self, active[0])
        self.ids |= reported(self, self.get(f"/v1/targets/{active[0]}")["unit_id"])
        assert all(self.ids.values()), f"nothing known of {[name for name, ids in self.ids.items() if not ids]}"

    def observation(self) -> dict[str, Any]:
        """The documented example under an id of its own."""
        return self.example("POST /v1/observations") | {"external_id": uuid4().hex}

    def from_quote(self, account_id: str) -> str:
        """An order of an account as it was quoted, of a product with a price of its own; placed."""
        sku = f"Q-{uuid4().hex[:12]}"
        self.make("/v1/products", {"sku": sku, "name": sku, "product_line": "quoted"})
        book = {"code": sku, "name": sku, "currency": "USD", "valid_from": "2020-01-01"}
        path = f"/v1/price-books/{self.make('/v1/price-books', book)['id']}"
        entry = {"code": sku, "sku": sku, "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 1000}]}
        self.send("PUT", f"{path}/entries", {"entries": [entry]}, headers=self.etag(path)).raise_for_status()
        self.make(f"{path}/publish")
        self.until(lambda: self.query("customer", (f"SELECT FROM product_directory WHERE sku = '{sku}'",)))
        self.until(lambda: self.query("channels", (f"SELECT FROM account_fact WHERE id = '{account_id}'",)))
        asked = {"account_id": account_id, "currency": "USD", "payment_terms_days": 30}
        quote = self.make("/v1/quotes", asked | {"lines": [{"sku": sku, "quantity": 2}]})
        names = ("sku", "quantity", "unit_price", "discount")
        lines = [{name: line[name] for name in names} for line in quote["lines"]]
        made: str = self.make("/v1/orders", asked | {"quote_id": quote["id"], "lines": lines, "place": True})["id"]
        return made

    def reservation(self, order_id: str) -> str:
        """What an order has reserved of its terms."""
        path = f"/v1/terms-reservations?order_id={order_id}&state=reserved"
        found: str = self.until(lambda: self.get(path)["items"])[0]["id"]
        return found

    def _pair(self) -> str:
        """Two accounts that may be one."""
        body, headers = {"kind": "organization", "name": "Learned twice"}, {"X-Skip-Duplicate-Check": "true"}
        made = [self.make("/v1/accounts", body, headers=headers)["id"] for _ in range(2)]
        found: str = self.until(lambda: self.get("/v1/duplicate-candidates", account_id=made[0])["items"])[0]["id"]
        return found

    def _asked(self, account_id: str) -> dict[str, list[str]]:
        """A survey, and the token by which somebody who was asked opens its form."""
        body = {"account_id": account_id, "name": "Li", "emails": [{"value": f"li.{uuid4().hex}@harbour.example"}]}
        contact = self.make("/v1/contacts", body)["id"]
        consent = self.example("POST /v1/contacts/{contact_id}/consents") | {"purpose": "survey", "channel": "email"}
        self.make(f"/v1/contacts/{contact}/consents", consent)
        survey = self.make("/v1/surveys", self.example("POST /v1/surveys"))["id"]
        asked = self.make(f"/v1/surveys/{survey}/invitations", {"contacts": [{"contact_id": contact}]})
        return {"survey_id": [survey], "token": [asked["items"][0]["token"]]}

    def behind(self, unit_id: str | None = None) -> str:
        """The alert of a target that is half over and to which nothing was credited."""
        today = datetime.now(UTC).date()
        first, last = today - timedelta(days=60), today + timedelta(days=60)
        named = {"name": f"Behind {uuid4().hex}", "product_line": None, "unit_id": unit_id}
        body = {**named, "period_start": str(first), "period_end": str(last), "amount": 10**12}
        target = self.make("/v1/targets", body)["id"]
        self.make(f"/v1/targets/{target}/activate")
        found: str = self.until(lambda: self.get("/v1/alerts", target_id=target)["items"])[0]["id"]
        return found

    def _merge(self) -> str:
        """Two accounts, one of them merged into the other."""
        body, headers = {"kind": "organization", "name": "Learned as one"}, {"X-Skip-Duplicate-Check": "true"}
        survivor, other = [self.make("/v1/accounts", body, headers=headers)["id"] for _ in range(2)]
        found: str = self.make(f"/v1/accounts/{survivor}/merge", {"merged_id": other})["merge_id"]
        return found

    def active_partner(self) -> str:
        """A partner of its own, of whom customer has heard."""
        made: str = self.make("/v1/partners", self.example("POST /v1/partners"))["id"]
        self.make(f"/v1/partners/{made}/activate")
        known = f"SELECT FROM partner_directory WHERE id = '{made}' AND state = 'active'"
        self.until(lambda: self.query("customer", (known,)))
        return made

    def _conflict(self) -> str:
        """Orders of one customer through two partners."""
        owner = self.get("/v1/members", code="rep-31")["items"][0]["id"]
        body = {"kind": "organization", "name": f"Learned {uuid4().hex}", "owner_id": owner}
        account = self.make("/v1/accounts", body)["id"]
        self.until(lambda: self.send("GET", f"/v1/credit-profiles/{account}").is_success)
        for _ in range(2):
            partner = self.active_partner()
            lines = [{"sku": self.get("/v1/products", limit=1, is_active="true")["items"][0]["sku"], "quantity": 1}]
            lines[0]["unit_price"] = 1000
            sold = {"account_id": account, "currency": "USD", "partner_id": partner, "lines": lines}
            self.make(f"/v1/orders/{self.make('/v1/orders', sold)['id']}/place")
        found: str = self.until(lambda: self.get("/v1/conflicts", account_id=account)["items"])[0]["id"]
        return found

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

        Audit tables are only counted: their rows are sealed afterwards. What time alone writes is left out: when holds
        are looked for, accounts scored and indicators evaluated, and what these showed then.
        """
        by_time = ("hold_sweep", "scoring_night", "indicator_reading", "indicator_value")
        found = {}
        for service in SERVICES:
            tables = [row["tablename"] for row in self.query(service, (_TABLES,))]
            parts = (
                f"SELECT '{table}' AS name, count(*) AS rows, "
                "coalesce(md5(string_agg(row, '|' ORDER BY row)), '') AS hash "
                f'FROM (SELECT {"1" if table == "audit_log" else "t"}::text AS row FROM "{table}" t) AS s'
                for table in tables
                if table == "audit_log" or ("audit" not in table and table not in by_time)
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
_MARKS = (
    "(SELECT FROM lifecycle_mark WHERE due_at <= now() LIMIT 1) "
    "UNION ALL (SELECT FROM satisfaction_mark WHERE due_at <= now() LIMIT 1)"
)
_NEWS = (
    "(SELECT FROM credit_mark LIMIT 1) UNION ALL (SELECT FROM target_news WHERE due_at IS NOT NULL LIMIT 1) "
    "UNION ALL (SELECT FROM target_judging WHERE due_at <= now() LIMIT 1)"
)
_JOB = "INSERT INTO job (id, kind, params, requested_by) VALUES ($1, 'seeded', '{}', 'admin') RETURNING id"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
