"""Bad input through the gateway: each request gets a precise problem, and nothing of it stays."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.e2e.orders import draft, order_body, orderable
from tests.e2e.scripted import target
from tests.e2e.ways import account, filled, ref
from tests.e2e.world import World

NOBODY = "01989f2e-0000-7000-8000-00000000dead"
INT64, MOST_NAMED = 2**63, 40  # a problem names 50 errors at most


def refused(answer: httpx.Response, status: int, code: str, *pointers: str) -> dict[str, Any]:
    """The problem document, after checking what it says."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:800]}"
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), answer.text[:800]
    assert len(problem["trace_id"]) == 32
    assert problem["title"]
    found = {error["pointer"] for error in problem["errors"]}
    assert set(pointers) <= found, f"{pointers} not in {found}"
    return problem


@pytest.fixture
def untouched(world: World) -> Iterator[World]:
    orderable(world)
    world.settled()
    with world.untouched():
        yield world


@pytest.fixture(scope="module")
def customer(world: World) -> str:
    return account(world)


# one order, wrong in one place

ORDER_FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown field": ({"nonsense": 1}, "invalid", "/nonsense"),
    "odd field name": ({"a/b~c": 1}, "invalid", "/a~1b~0c"),
    "lines missing": ({"lines": None}, "invalid", "/lines"),
    "no lines": ({"lines": []}, "invalid", "/lines"),
    "too many lines": ({"lines": [{"sku": "X", "quantity": 1, "unit_price": 1}] * 501}, "invalid", "/lines"),
    "currency unknown": ({"currency": "ABC"}, "invalid", "/currency"),
    "currency without minor units": ({"currency": "XAU"}, "invalid", "/currency"),
    "currency in small letters": ({"currency": "usd"}, "invalid", "/currency"),
    "no such day": ({"order_date": "2026-02-30"}, "invalid", "/order_date"),
    "day before time": ({"order_date": "0001-01-01"}, "invalid", "/order_date"),
    "day after time": ({"order_date": "9999-12-31"}, "invalid", "/order_date"),
    "day as number": ({"order_date": 0}, "invalid", "/order_date"),
    "future": ({"order_date": "2199-01-01"}, "invalid", "/order_date"),
    "account unknown": ({"account_id": NOBODY}, "unknown-reference", "/account_id"),
    "account no id": ({"account_id": "x"}, "invalid", "/account_id"),
    "account twice": ({"account_ref": {"source": "a", "id": "b"}}, "invalid", ""),
    "partner unknown": ({"partner_id": NOBODY}, "unknown-reference", "/partner_id"),
    "total differs": ({"total": 1999}, "total-mismatch", "/total"),
    "total is text": ({"total": "2000"}, "invalid", "/total"),
    "total is a float": ({"total": 2000.0}, "invalid", "/total"),
    "terms too long": ({"payment_terms_days": 366}, "invalid", "/payment_terms_days"),
    "region with NUL": ({"region": "CN-\x00"}, "invalid", "/region"),
    "shares below all": ({"credits": [600_000, 399_999]}, "credit-split-invalid", "/credits"),
    "shares above all": ({"credits": [600_000, 400_001]}, "credit-split-invalid", "/credits"),
    "share zero": ({"credits": [1_000_000, 0]}, "invalid", "/credits/1/share"),
    "share negative": ({"credits": [1_000_001, -1]}, "invalid", "/credits/1/share"),
    "share a fraction": ({"credits": [0.6, 0.4]}, "invalid", "/credits/0/share"),
}
LINE_FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown field": ({"x": 1}, "invalid", "/lines/0/x"),
    "product unknown": ({"sku": "NO-SUCH"}, "unknown-reference", "/lines/0/sku"),
    "product with NUL": ({"sku": "A\x00"}, "invalid", "/lines/0/sku"),
    "quantity negative": ({"quantity": -1}, "invalid", "/lines/0/quantity"),
    "quantity zero": ({"quantity": 0}, "invalid", "/lines/0/quantity"),
    "quantity text": ({"quantity": "2"}, "invalid", "/lines/0/quantity"),
    "quantity float": ({"quantity": 2.0}, "invalid", "/lines/0/quantity"),
    "quantity boolean": ({"quantity": True}, "invalid", "/lines/0/quantity"),
    "quantity past int64": ({"quantity": INT64}, "invalid", "/lines/0/quantity"),
    "quantity past everything": ({"quantity": 10**400}, "invalid", ""),
    "price negative": ({"unit_price": -1}, "invalid", "/lines/0/unit_price"),
    "price past int64": ({"unit_price": INT64}, "invalid", "/lines/0/unit_price"),
    "price past uint64": ({"unit_price": 2**64 + 1}, "invalid", ""),
    "price a list": ({"unit_price": [1]}, "invalid", "/lines/0/unit_price"),
    "discount above the line": ({"discount": 2001}, "order-line-invalid", "/lines/0/discount"),
    "tax above all": ({"tax_rate": 1_000_001}, "invalid", "/lines/0/tax_rate"),
    "amount overflows": ({"unit_price": 10**13, "quantity": 10**6}, "amount-overflow", ""),
}


def wrong_order(world: World, of: str, change: dict[str, Any]) -> dict[str, Any]:
    """A good order with the change; credits are given as shares."""
    body = order_body(world, of) | change
    members = [item["id"] for item in world.get("/v1/members", limit=2)["items"]]
    if "credits" in change:
        body["credits"] = [{"member_id": m, "share": s} for m, s in zip(members, change["credits"], strict=True)]
    return body


def test_orders_wrong_in_one_place(untouched: World, customer: str) -> None:
    for name, (change, code, pointer) in ORDER_FAULTS.items():
        answer = untouched.send("POST", "/v1/orders", wrong_order(untouched, customer, change))
        problem = refused(answer, 422, code, *([pointer] if pointer else []))
        is_of_another_service = code == "unknown-reference" and pointer != "/account_id"
        assert problem.get("retryable", False) == is_of_another_service, name
    for name, (change, code, pointer) in LINE_FAULTS.items():
        body = order_body(untouched, customer)
        body["lines"][0] |= change
        answer = untouched.send("POST", "/v1/orders", body)
        refused(answer, 422, code, *([pointer] if pointer else []))
        assert "traceback" not in answer.text.lower(), name


def test_credited_twice(untouched: World, customer: str) -> None:
    member = untouched.ids["member_id"][0]
    twice = [{"member_id": member, "share": 500_000}] * 2
    unknown = [{"member_id": NOBODY, "share": 1_000_000}]
    body = order_body(untouched, customer)
    refused(untouched.send("POST", "/v1/orders", body | {"credits": twice}), 422, "credit-split-invalid")
    answer = untouched.send("POST", "/v1/orders", body | {"credits": unknown})
    refused(answer, 422, "unknown-reference", "/credits/0/member_id")


# bytes that are no JSON, or no body for this

BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 422, "invalid"),
    "blank": (b"  ", 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "list": (b"[]", 422, "invalid"),
    "number": (b"1", 422, "invalid"),
    "half": (b'{"code": "a', 422, "invalid"),
    "more after it": (b"{} {}", 422, "invalid"),
    "NaN": (b'{"code": NaN}', 422, "invalid"),
    "infinity": (b'{"code": 1e999}', 422, "invalid"),
    "digits without end": (b'{"code": ' + b"9" * 100_000 + b"}", 422, "invalid"),
    "lone surrogate": (rb'{"code": "\ud800"}', 422, "invalid"),
    "lone surrogate as name": (rb'{"\udfff": 1}', 422, "invalid"),
    "invalid UTF-8": (b'{"code": "\xff\xfe"}', 422, "invalid"),
    "overlong UTF-8": (b'{"code": "\xc0\xaf"}', 422, "invalid"),
    "UTF-16": ('{"code": "a"}'.encode("utf-16"), 422, "invalid"),
    "deep list": (b'{"code": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422, "invalid"),
    "deep object": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 422, "invalid"),
    "many names": (b"{" + b",".join(b'"n%d": 1' % n for n in range(20_000)) + b"}", 422, "invalid"),
    "long name": (b'{"' + b"n" * 1_000_000 + b'": 1}', 422, "invalid"),
}


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/units", "/v1/partners", "/v1/credit-decisions"])
def test_bytes_that_are_no_body(untouched: World, path: str) -> None:
    for name, (content, status, code) in BODIES.items():
        answer = untouched.send("POST", path, content=content)
        problem = refused(answer, status, code)
        assert problem["errors"], name
        assert len(answer.content) < 20_000, f"{name}: an answer of {len(answer.content)} bytes"


def test_other_media_types(untouched: World) -> None:
    for media_type in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = untouched.send("POST", "/v1/units", content=b"{}", headers={"Content-Type": media_type})
        refused(answer, 415, "unsupported-media-type")


def test_read_only_fields_are_refused(untouched: World) -> None:
    """Every field that an answer has and the body has not, on every operation that takes a body."""
    tried = 0
    for key, operation in untouched.operations.items():
        method, _, path = key.partition(" ")
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        success = next(status for status in ("200", "201", "202") if status in operation["responses"])
        if content is None or path.startswith(("/oauth", "/admin")) or path.endswith("/batch"):
            continue
        body = untouched.resolve(content["schema"])
        answer = untouched.resolve(operation["responses"][success]["content"]["application/json"]["schema"])
        fields = sorted({*answer["properties"], "id", "version", "created_by"} - set(body["properties"]))
        where = filled(path, NOBODY) if "{" in path else path
        headers = {"If-Match": '"1"'}
        for some in (fields[start : start + MOST_NAMED] for start in range(0, len(fields), MOST_NAMED)):
            sent = untouched.send(method, where, untouched.example(key) | dict.fromkeys(some, "owned"), headers=headers)
            refused(sent, 422, "invalid", *(f"/{name}" for name in some))
        tried += len(fields)
    assert tried > 100


# decompositions

NEW, OLD = {"key": "new"}, {"key": "existing"}
INFEASIBLE: list[tuple[list[dict[str, Any]], set[tuple[str, str]]]] = [
    ([NEW | {"locked": 60}, OLD | {"locked": 60}, {"key": "dormant"}], {("new", "locked"), ("existing", "locked")}),
    ([NEW | {"floor": 101}, OLD | {"floor": 1}, {"key": "dormant"}], {("new", "floor")}),
    ([NEW | {"cap": 10}, OLD | {"cap": 20}], {("new", "cap"), ("existing", "cap")}),
    ([NEW | {"floor": 5, "cap": 4}, OLD], {("new", "floor"), ("new", "cap")}),
]


def test_decompositions_that_cannot_be(world: World) -> None:
    body = world.example("POST /v1/targets") | {"amount": 100}
    path = f"/v1/targets/{world.make('/v1/targets', body)['id']}/decompositions"
    world.settled()
    with world.untouched():
        for children, expected in INFEASIBLE:
            answer = world.send("POST", path, {"dimension": "customer_type", "children": children})
            problem = refused(answer, 409, "decomposition-infeasible")
            assert {(item["child"], item["kind"]) for item in problem["conflicts"]} == expected, answer.text
        for children, pointer in (
            ([{"key": "new"}, {"key": "new"}], "/children/1/key"),
            ([{"key": "new", "weight": -1}], "/children/0/weight"),
            ([{"key": "new", "locked": INT64}], "/children/0/locked"),
            ([], "/children"),
        ):
            answer = world.send("POST", path, {"dimension": "customer_type", "children": children})
            assert answer.status_code == 422, answer.text
            assert pointer in {error["pointer"] for error in answer.json()["errors"]}, answer.text
        unknown = (("product_line", "Rok "), ("region", "Shanghai"), ("region", "cn-sh"), ("customer_type", "a"))
        for dimension, key in unknown:
            answer = world.send("POST", path, {"dimension": dimension, "children": [{"key": key}]})
            refused(answer, 422, "children-invalid", "/children/0/key")
        refused(world.send("POST", path, {"dimension": "weather"}), 422, "invalid", "/dimension")


# versions

MATCHES: dict[str, tuple[int, str]] = {
    '"999"': (412, "version-mismatch"),
    '"0"': (412, "version-mismatch"),
    '"998", "999", W/"1"': (412, "version-mismatch"),
    '"1", *': (412, "version-mismatch"),
    '"-1"': (412, "version-mismatch"),
    '"99999999999999999999"': (412, "version-mismatch"),
    '"１"': (412, "version-mismatch"),
    "x" * 1001: (422, "invalid"),
}


def test_versions(world: World, customer: str) -> None:
    things = {
        f"/v1/accounts/{customer}": {"name": "Other"},
        f"/v1/orders/{draft(world)}": {"payment_terms_days": 1},
        f"/v1/targets/{target(world)}": {"name": "Other"},
        f"/v1/partners/{world.ids['partner_id'][0]}": {"name": "Other"},
        f"/v1/units/{world.ids['unit_id'][0]}": {"name": "Other"},
        f"/v1/products/{world.ids['product_id'][0]}": {"name": "Other"},
        f"/v1/credit-profiles/{customer}": {"credit_limit": 1, "reason": "x"},
    }
    world.settled()
    with world.untouched():
        for path, body in things.items():
            refused(world.send("PATCH", path, body), 428, "if-match-required")
            for value, (status, code) in MATCHES.items():
                answer = world.send("PATCH", path, body, headers={"If-Match": value.encode()})
                refused(answer, status, code)
    path = f"/v1/accounts/{customer}"
    headers = {"If-Match": f'"998", {world.etag(path)["If-Match"]}'}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: world.send("PATCH", path, {"name": f"N{n}"}, headers=headers), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    anyhow = {"If-Match": "*"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: world.send("PATCH", path, {"name": f"M{n}"}, headers=anyhow), range(8)))
    assert {answer.status_code for answer in answers} == {200}


# keys

BAD_KEYS = ["", "a b", "k" * 201, "schlüssel", "a\tb"]


def test_keys(world: World) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    body = {"kind": "organization", "name": "Keyed once"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.send("POST", "/v1/accounts", body, headers=key), range(8)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert {answer.json()["id"] for answer in made} == {made[0].json()["id"]}
    for answer in answers:
        if answer.status_code != 201:
            refused(answer, 409, "idempotency-key-in-flight")
    world.settled()
    with world.untouched():
        replay = world.send("POST", "/v1/accounts", body, headers=key)
        assert replay.content == made[0].content
        assert replay.headers["idempotency-replayed"] == "true"
        assert replay.headers["etag"] == made[0].headers["etag"]
        other = world.send("POST", "/v1/accounts", body | {"name": "Other"}, headers=key)
        refused(other, 422, "idempotency-key-reused")
        for bad in BAD_KEYS:
            answer = world.send("POST", "/v1/accounts", body, headers={"Idempotency-Key": bad.encode()})
            refused(answer, 422, "invalid", "Idempotency-Key")
    assert world.get("/v1/accounts", name="Keyed once", count="exact")["count"] == 1


def test_a_refused_request_leaves_no_key(world: World) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    with world.untouched():
        refused(world.send("POST", "/v1/accounts", {"kind": "person"}, headers=key), 422, "invalid", "/name")
    assert world.send("POST", "/v1/accounts", {"kind": "person", "name": "A"}, headers=key).status_code == 201


def test_a_key_belongs_to_one_caller(world: World) -> None:
    key = {"Idempotency-Key": uuid4().hex, "X-Skip-Duplicate-Check": "true"}
    body = {"kind": "organization", "name": "Mine"}
    mine = world.send("POST", "/v1/accounts", body, headers=key, by="rep-31").json()
    theirs = world.send("POST", "/v1/accounts", body, headers=key).json()
    assert mine["id"] != theirs["id"]


# batches


def test_broken_rows_of_a_batch(world: World, customer: str) -> None:
    good = [order_body(world, customer) | {"external_id": ref()} for _ in range(2)]
    lines = good[0]["lines"]
    broken: list[tuple[Any, str, str]] = [
        ({"external_id": ref()}, "invalid", "/rows/1/lines"),
        (good[0] | {"external_id": ref(), "total": 1}, "total-mismatch", "/rows/2/total"),
        (good[0] | {"external_id": ref(), "account_id": NOBODY}, "unknown-reference", "/rows/3/account_id"),
        (
            good[0] | {"external_id": ref(), "lines": [lines[0] | {"sku": "NO"}]},
            "unknown-reference",
            "/rows/4/lines/0/sku",
        ),
        (
            good[0] | {"external_id": ref(), "lines": [lines[0] | {"quantity": -1}]},
            "invalid",
            "/rows/5/lines/0/quantity",
        ),
        (good[0] | {"external_id": {"source": "a\x00", "id": "b"}}, "invalid", "/rows/6/external_id/source"),
        (good[0] | {"external_id": ref(), "nonsense": 1}, "invalid", "/rows/7/nonsense"),
    ]
    rows = [good[0], *(row for row, _, _ in broken), good[1]]
    before = world.get("/v1/orders", count="exact", limit=1)["count"]
    answer = world.make("/v1/orders/batch", {"rows": rows})
    assert (answer["created"], answer["problems"]) == (2, len(broken))
    for result, (_, code, pointer) in zip(answer["results"][1:-1], broken, strict=True):
        assert (result["status"], result["problem"]["code"]) == ("problem", code), result
        assert pointer in {error["pointer"] for error in result["problem"]["errors"]}, result
    assert world.get("/v1/orders", count="exact", limit=1)["count"] == before + 2
    world.settled()
    with world.untouched():
        assert world.make("/v1/orders/batch", {"rows": rows})["unchanged"] == 2
        refused(world.send("POST", "/v1/orders/batch", {"rows": []}), 422, "invalid", "/rows")
        refused(world.send("POST", "/v1/orders/batch", {"rows": [{}] * 5001}), 422, "invalid", "/rows")
        refused(world.send("POST", "/v1/orders/batch", {"rows": [1]}), 422, "invalid", "/rows/0")


# sizes, over real sockets


def raw(world: World, head: str, body: bytes = b"") -> bytes:
    """What comes back for bytes on a socket, until the other side closes or falls silent."""
    address = urlsplit(world.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        text = f"{head}\r\nHost: {address.netloc}\r\nAuthorization: Bearer {world.token()}\r\nConnection: close\r\n"
        connection.sendall(text.replace("\r\n\r\n", "\r\n").encode() + b"\r\n" + body)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return received


@pytest.mark.parametrize("length", [str(16 * 1024 * 1024 + 1), "9" * 30])
def test_bodies_too_large(untouched: World, length: str) -> None:
    head = f"POST /v1/accounts HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {length}"
    answer = raw(untouched, head)
    assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400")), answer[:300]


def test_a_body_that_grows_too_large(untouched: World) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(17):
            yield b"x" * 1024 * 1024

    try:
        answer = untouched.send("POST", "/v1/accounts", content=chunks())
    except httpx.HTTPError:
        return
    refused(answer, 413, "body-too-large")


def test_json_of_one_long_text(untouched: World) -> None:
    body = b'{"kind": "person", "name": "' + b"x" * 8_000_000 + b'"}'
    answer = untouched.send("POST", "/v1/accounts", content=body)
    refused(answer, 422, "invalid", "/name")
    assert len(answer.content) < 2000
