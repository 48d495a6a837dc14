"""Who sees what: forged tokens, every role against every route with an id, lists, cursors, queries."""

from __future__ import annotations

import base64
import json
import time
import unicodedata
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.e2e.activities import activity
from tests.e2e.cases import case
from tests.e2e.forecasts import backtest
from tests.e2e.identity import merged, pair
from tests.e2e.leads import lead
from tests.e2e.opportunities import opportunity
from tests.e2e.quotes import grant, quote
from tests.e2e.register import of_risk
from tests.e2e.roles import MATRIX, STRANGERS, group_of
from tests.e2e.scripted import transfer
from tests.e2e.surveys import survey
from tests.e2e.tables import table
from tests.e2e.test_hostile import NOBODY, refused
from tests.e2e.ways import TOLD_TO_ALL, TOLD_TO_SOME, filled
from tests.e2e.world import SERVICES, World
from tests.shared_suites.resources import asked

# tokens


def b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(world: World) -> dict[str, str]:
    """Authorization headers that nobody may enter with."""
    key = ECKey.import_key((world.folder / "issuer-key.pem").read_text())
    kid = world.http.get("/.well-known/jwks.json").json()["keys"][0]["kid"]
    header = {"alg": "ES256", "kid": kid}
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": world.http.get("/.well-known/openid-configuration").json()["issuer"],
        "aud": "crmesh",
        "sub": "admin",
        "roles": ["administrator"],
        "iat": now,
        "exp": now + 600,
    }

    def signed(changes: dict[str, Any], with_key: Any = key, head: dict[str, Any] = header) -> str:
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return "Bearer " + jwt.encode(head, kept, with_key, algorithms=["ES256", "HS256"])

    good = signed({})
    assert world.http.get("/v1/units", headers={"Authorization": good}).status_code == 200
    head, payload, signature = good.removeprefix("Bearer ").split(".")
    public = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    return {
        "empty": "",
        "no token": "Bearer",
        "other scheme": "Basic YWRtaW46YWRtaW4=",
        "no parts": "Bearer x",
        "none": f"Bearer {b64({'alg': 'none'})}.{payload}.",
        "none with signature": f"Bearer {b64({'alg': 'none', 'kid': kid})}.{payload}.{signature}",
        "other payload": f"Bearer {head}.{b64(claims | {'sub': 'director'})}.{signature}",
        "no signature": f"Bearer {head}.{payload}.",
        "public key as secret": signed({}, public, {"alg": "HS256", "kid": kid}),
        "other key": signed({}, ECKey.generate_key("P-256")),
        "unknown kid": signed({}, key, header | {"kid": "other"}),
        "expired": signed({"iat": now - 7200, "exp": now - 3600}),
        "not yet": signed({"nbf": now + 3600}),
        "no end": signed({"exp": None}),
        "other audience": signed({"aud": "other"}),
        "no audience": signed({"aud": None}),
        "other issuer": signed({"iss": "https://elsewhere.test"}),
        "no subject": signed({"sub": None}),
        "huge": "Bearer " + "a" * 20_000,
    }


def test_forged_tokens(world: World) -> None:
    world.settled()
    with world.untouched():
        for name, value in forged(world).items():
            for method, path in (("GET", "/v1/accounts"), ("POST", "/v1/units"), ("GET", "/admin/risk/status")):
                answer = world.http.request(method, path, headers={"Authorization": value}, json={})
                refused(answer, 401, "unauthenticated")
                assert "bearer" in answer.headers["www-authenticate"].lower(), name
        for path, item in world.document["paths"].items():
            if path.startswith(("/v1", "/admin")):
                answer = world.http.get(path.replace("{", "").replace("}", ""))
                if item.get("get", {}).get("security") == []:
                    assert answer.status_code == 404, f"{path} {answer.text}"
                else:
                    refused(answer, 401, "unauthenticated")


def test_roles_of_another_kind(world: World) -> None:
    key = ECKey.import_key((world.folder / "issuer-key.pem").read_text())
    kid = world.http.get("/.well-known/jwks.json").json()["keys"][0]["kid"]
    issuer = world.http.get("/.well-known/openid-configuration").json()["issuer"]
    for roles in ([], ["root"], ["Administrator"], "administrator", None, [["administrator"]], {"administrator": 1}):
        claims = {"iss": issuer, "aud": "crmesh", "sub": "x", "exp": int(time.time()) + 60, "roles": roles}
        token = jwt.encode({"alg": "ES256", "kid": kid}, claims, key)
        answer = world.http.get("/v1/accounts", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (401, 403), (roles, answer.text)


# every role against every route with an id


@pytest.fixture(scope="module")
def ids(world: World) -> dict[str, str]:
    """Ids of the story by path parameter."""
    order = world.get("/v1/orders", limit=1, sort="created_at", state="confirmed")["items"][0]
    account = order["account_id"]
    root = world.get("/v1/targets", limit=1, sort="id", **{"name[gte]": "Story revenue", "name[lt]": "Story revenuf"})
    same = {name: root["items"][0][name] for name in ("metric", "amount", "currency", "unit_id")}
    body = same | {"name": "Access", "period_start": "2031-01-01", "period_end": "2031-12-31"}
    target = world.make("/v1/targets", body)["id"]
    job = world.make("/v1/attainment/rebuilds", {"swap": False})["id"]
    world.until(lambda: world.get(f"/v1/attainment/rebuilds/{job}")["finished_at"])
    owner = world.get(f"/v1/accounts/{account}")["owner_id"]
    twins = pair(world, owner_id=owner)
    return {name: str(found[0]) for name, found in world.ids.items() if "." not in name} | {
        "order_id": order["id"],
        "account_id": account,
        "payment_id": world.get("/v1/payments", account_id=account)["items"][0]["id"],
        "decision_id": world.get("/v1/credit-decisions", account_id=account)["items"][0]["id"],
        "target_id": target,
        "table_id": table(world, target),
        "decomposition_id": world.get(f"/v1/targets/{target}/decompositions")["items"][0]["id"],
        "job_id": job,
        "candidate_id": twins,
        "merge_id": merged(world, owner_id=owner),
        "backtest_id": backtest(world).json()["id"],
        "transfer_id": transfer(world).json()["id"],
        **(of_risk(world, account) | {"activity_id": activity(world, account_id=account)}),
        "opportunity_id": opportunity(world, account_id=account),
        "lead_id": lead(world, owner_id=owner),
        **{"quote_id": quote(world, account_id=account), "approval_id": grant(world)},
        "case_id": case(world, account_id=account),
        "survey_id": survey(world, owner_id=owner),
        **{"date": str(world.ids["calendar-days.date"][0]), "role": "sales_rep"},
    }


def with_ids(path: str, ids: dict[str, str], world: World) -> str:
    """The path with ids of the story."""
    service = path.split("/")[2]
    while "{" in path:
        name = path[path.index("{") + 1 : path.index("}")]
        path = filled(path, str(world.ids.get(f"{service}.{name}", [ids[name]])[0] if "admin" in path else ids[name]))
    return path


def test_every_role_on_every_route_with_an_id(world: World, ids: dict[str, str]) -> None:
    wrong, nobody = [], dict.fromkeys(ids, NOBODY)
    for path, item in world.document["paths"].items():
        if "get" not in item or "{" not in path:
            continue
        for principal, allowed in MATRIX.items():
            expected = allowed.get(group_of(path), 403)
            query = asked(item["get"])
            answer = world.send("GET", with_ids(path, ids, world) + query, by=principal)
            if answer.status_code != expected:
                wrong.append(f"{principal} GET {path}: {answer.status_code}, expected {expected}")
            if expected == 404:
                unknown = world.send("GET", with_ids(path, nobody, world) + query, by=principal)
                same = {**unknown.json(), "trace_id": ""} == {**answer.json(), "trace_id": ""}
                wrong += [] if same else [f"{principal} GET {path}: a foreign id differs from an unknown one"]
    assert not wrong, "\n".join(wrong)


JOIN = ("POST /v1/points-programmes/{points_programme_id}/join", "POST /v1/points-draws/{points_draw_id}/draw")
"""Programme and draw are everybody's; the account, or the member, that is named is unknown to a stranger."""


@pytest.mark.parametrize("principal", STRANGERS)
def test_strangers_change_nothing(world: World, ids: dict[str, str], principal: str) -> None:
    world.settled()
    with world.untouched():
        for key in world.operations:
            method, _, path = key.partition(" ")
            if method == "GET" or "{" not in path or path.startswith("/admin"):
                continue
            if not world.operations[key]["security"]:
                continue  # whoever has the token of a form may answer it
            kinds = world.operations[key].get("requestBody", {}).get("content", {})
            sent: dict[str, Any] = {"body": world.example(key)} if "application/json" in kinds else {}
            if kinds and not sent:
                sent = {"content": b"name\nx\n"}
            headers = {"If-Match": '"1"'} | ({"Content-Type": next(iter(kinds))} if "content" in sent else {})
            answer = world.send(method, with_ids(path, ids, world), by=principal, headers=headers, **sent)
            expected = (422,) if key in JOIN else (403, 404)
            assert answer.status_code in expected, f"{principal} {method} {path}: {answer.status_code} {answer.text}"
            refused(answer, answer.status_code, "unknown-reference" if key in JOIN else answer.json()["code"])


def test_strangers_name_nothing(world: World, ids: dict[str, str]) -> None:
    line = {"sku": world.ids["sku"][0], "quantity": 1, "unit_price": 1}
    body = {"account_id": ids["account_id"], "currency": "USD", "lines": [line]}
    with world.untouched():
        refused(world.send("POST", "/v1/orders", body, by="rep-33"), 422, "unknown-reference", "/account_id")
        unknown = world.send("POST", "/v1/orders", body | {"account_id": NOBODY}, by="rep-33").json()
        assert unknown["detail"] == world.send("POST", "/v1/orders", body, by="rep-33").json()["detail"]
        stolen = {"kind": "person", "name": "x", "owner_id": world.ids["member_id"][0]}
        refused(world.send("POST", "/v1/accounts", stolen, by="rep-33"), 422, "unknown-reference", "/owner_id")
        row = {"kind": "person", "name": "x", "external_ids": {"a": "b"}, "owner_id": world.ids["member_id"][0]}
        answer = world.make("/v1/accounts/batch", {"rows": [row]}, by="rep-33")
        assert answer["results"][0]["problem"]["errors"][0]["pointer"] == "/rows/0/owner_id"


@pytest.mark.parametrize("principal", STRANGERS)
def test_lists_of_strangers_are_empty(world: World, ids: dict[str, str], principal: str) -> None:
    paths = [
        path
        for path, item in world.document["paths"].items()
        if "{" not in path and "count" in {one["name"] for one in item.get("get", {}).get("parameters", ())}
    ]
    assert len(paths) > 15
    for path in paths:
        answer = world.send("GET", path, by=principal, params={"count": "exact"})
        if path.startswith(TOLD_TO_ALL):
            assert answer.status_code == 200
        elif path.startswith(TOLD_TO_SOME):
            assert answer.status_code in (200, 403)
        elif path.startswith("/admin"):
            refused(answer, 403, "forbidden")
        else:
            assert (answer.status_code, answer.json().get("count")) == (200, 0), f"{path} {answer.text[:300]}"
            assert answer.json()["items"] == []
    assert world.get("/v1/attainment", by=principal)["sample_size"] == 0
    refused(world.send("GET", f"/v1/attainment?target_id={ids['target_id']}", by=principal), 404, "target-not-found")


# queries

BAD_QUERIES: list[tuple[str, str]] = [
    ("limit=0", "limit"),
    ("limit=-1", "limit"),
    ("limit=201", "limit"),
    (f"limit={10**30}", "limit"),
    ("limit=1e2", "limit"),
    ("limit=%D9%A3", "limit"),
    ("limit=", "limit"),
    ("limit=1&limit=2", "limit"),
    ("name=a&name=a", "name"),
    ("sort=name;drop table account", "sort"),
    ("sort=name desc", "sort"),
    ("sort=a.name", "sort"),
    ("sort=--name", "sort"),
    ("sort=", "sort"),
    ("sort=name,name", "sort"),
    ("sort=external_ids", "sort"),
    ("fields=__dict__", "fields"),
    ("fields=*", "fields"),
    ("fields=id,archived_at", "fields"),
    ("count=all", "count"),
    ("nonsense=1", "nonsense"),
    ("name[like]=%25", "name[like]"),
    ("name[]=1", "name[]"),
    ("name[eq]=1", "name[eq]"),
    ("name)=1", "name)"),
    ("1=1", "1"),
    ("id=x", "id"),
    ("id[in]=,", "id[in]"),
    ("id[in]=" + ",".join([NOBODY] * 201), "id[in]"),
    ("created_at[gte]=yesterday", "created_at[gte]"),
    ("created_at[gte]=0000-01-01T00:00:00Z", "created_at[gte]"),
    ("version=9223372036854775808", "version"),
    ("version=1.0", "version"),
    ("name=%00", "name"),
    ("q=%00", "q"),
    ("q=", "q"),
    ("kind=nobody", "kind"),
    ("cursor=", "cursor"),
    ("cursor=AAAA", "cursor"),
    ("cursor=" + "A" * 4000, "cursor"),
    ("cursor=%F0%9F%92%A9", "cursor"),
]
GOOD_QUERIES = [
    "name=' OR 1=1 --",
    "name[gte]='; DROP TABLE account; --",
    "q=%25",
    "q=_%25\\",
    "q=%F0%A0%AE%B7",
    "name[in]=a,b",
    "name=" + "x" * 500,
]


def test_queries(world: World) -> None:
    world.settled()
    with world.untouched():
        for query, pointer in BAD_QUERIES:
            refused(world.send("GET", f"/v1/accounts?{query}"), 400, "bad-query", pointer)
        for query in GOOD_QUERIES:
            answer = world.send("GET", f"/v1/accounts?{query}")
            assert answer.status_code == 200, f"{query}: {answer.text}"
            if "name=" in query:
                assert answer.json()["items"] == []


def test_cursors_of_elsewhere(world: World) -> None:
    first = world.get("/v1/credit-lines", limit=1)["next_cursor"]
    assert first
    assert world.send("GET", "/v1/credit-lines", params={"limit": 1, "cursor": first}).status_code == 200
    middle = len(first) // 2
    flipped = first[:middle] + ("A" if first[middle] != "A" else "B") + first[middle + 1 :]
    for path, params in (
        ("/v1/credit-lines", {"cursor": flipped}),
        ("/v1/credit-lines", {"cursor": first[:-1]}),
        ("/v1/credit-lines", {"cursor": first + "A"}),
        ("/v1/credit-lines", {"cursor": first + "="}),
        ("/v1/credit-lines", {"cursor": first, "sort": "id"}),
        ("/v1/credit-lines", {"cursor": first, "line_no": "1"}),
        ("/v1/exposure-entries", {"cursor": first}),
        ("/v1/accounts", {"cursor": first}),
    ):
        refused(world.send("GET", path, params=params), 400, "bad-query", "cursor")


@pytest.mark.parametrize("value", ["x", "1", NOBODY + "0", "%E2%80%AE", "%20", "a" * 3000])
def test_ids_of_no_form(world: World, value: str) -> None:
    refused(world.send("GET", f"/v1/accounts/{value}"), 422, "invalid", "account_id")


@pytest.mark.parametrize("path", ["/v1/accounts/%00", "/v1/accounts/..%2f..", "/v1/%2e%2e/admin", "/v1/units/%ff"])
def test_paths_of_no_form(world: World, path: str) -> None:
    answer = world.send("GET", path)
    assert answer.status_code in (400, 404, 422), answer.text
    refused(answer, answer.status_code, answer.json()["code"])


def test_methods_and_paths_that_do_not_exist(world: World) -> None:
    refused(world.send("DELETE", "/v1/accounts"), 405, "method-not-allowed")
    for service in SERVICES:
        refused(world.send("GET", f"/admin/{service}/nothing"), 404, "not-found")
    refused(world.send("GET", "/v1/nothing"), 404, "not-found")


# names

NAMES = [
    "李雷与韩梅梅贸易有限公司",
    "שלום מרحبا",
    "👩‍👩‍👧‍👦 family",
    "𠮷野家",
    "e\u0301\u0323\u0302",
    "ﬁﬂ ＡＢＣ",
    "Robert'); DROP TABLE account;--",
    '<script>alert("x")</script>',
    "{{7*7}} ${7*7} %s %n",
    "a\u200bb\ufeffc",
    "=cmd|' /C calc'!A0",
    "𝕏" * 200,
]


def test_odd_names_come_back_as_they_are(world: World) -> None:
    """In NFC, as all text is kept; each is found by the spelling in which it was sent."""
    for name in NAMES:
        kept = unicodedata.normalize("NFC", name)
        body = {"kind": "organization", "name": name, "tags": [name[:50]]}
        made = world.make("/v1/accounts", body, headers={"X-Skip-Duplicate-Check": "true"})
        assert made["name"] == kept
        read = world.get(f"/v1/accounts/{made['id']}")
        assert (read["name"], read["tags"]) == (kept, [kept[:50]])
        assert made["id"] in {item["id"] for item in world.get("/v1/accounts", name=name)["items"]}
        found = world.get("/v1/accounts", q=name.strip()[:200])["items"]
        assert made["id"] in {item["id"] for item in found}, f"{name!r} is not found by search"
    for blank in ("", " ", "\u3000", "a" * 201, "\u202egnp.exe", "\u200b", "\uffff", "\ue000", "\u0301", "a\x1b[31m"):
        answer = world.send("POST", "/v1/accounts", {"kind": "organization", "name": blank})
        refused(answer, 422, "invalid", "/name")


# who the caller is


def test_me_says_what_the_caller_may_do_and_see(world: World) -> None:
    admin = world.get("/v1/me")
    assert (admin["subject"], admin["roles"], admin["member"]) == ("admin", ["administrator"], None)
    assert {part["state"] for part in admin["services"].values()} == {"ok"}
    assert {part["record_scope"]["reach"] for part in admin["services"].values()} == {"all"}
    seller, manager = (world.get("/v1/me", by=name) for name in ("rep-31", "manager-east"))
    (member,) = world.get("/v1/members", subject="rep-31")["items"]
    assert seller["member"] == {"id": member["id"], "code": member["code"]}
    assert seller["unit"]["path"][-1] == seller["unit"]["id"]
    assert seller["services"]["customer"]["record_scope"] == {"reach": "own", "members": 1}
    assert manager["services"]["customer"]["record_scope"]["reach"] == "subtree"
    assert manager["services"]["customer"]["record_scope"]["members"] > 1
    for service, part in manager["services"].items():
        own = world.get(f"/admin/{service}/me", by="manager-east")
        assert (own["permissions"], own["subject"]) == (part["permissions"], "manager-east")
