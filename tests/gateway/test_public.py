"""What passes without a bearer token: the operations of the table, within their own limits, and nothing beside them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.limits import PublicLimits, address_of
from gateway.problems import Refusal
from gateway.proxy import PUBLIC_BODY_BYTES
from gateway.routes import Route

FORMS = Route("/v1/forms", "customer", "/v1/forms", public=("GET /*", "POST /*/answer"))
TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0189-_", min_size=1, max_size=40)


@given(TOKENS)
def test_what_is_public_opens_by_its_secret(token: str) -> None:
    assert FORMS.secret_of("GET", f"/v1/forms/{token}") == token
    assert FORMS.secret_of("HEAD", f"/v1/forms/{token}") == token
    assert FORMS.secret_of("POST", f"/v1/forms/{token}/answer") == token


@given(TOKENS, st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "X"]))
def test_nothing_beside_it_is_public(token: str, method: str) -> None:
    for path in ("", "/", "//", f"//{token}", f"/{token}/", f"/{token}/answer/", f"/{token}/answers", "//answer",
                 f"/{token}/%61nswer", f"/{token}/answer/x", f"/x/{token}/answer"):  # fmt: skip
        assert FORMS.secret_of(method, f"/v1/forms{path}") is None, path
    if method not in ("GET", "HEAD"):
        assert FORMS.secret_of(method, f"/v1/forms/{token}") is None
    if method != "POST":
        assert FORMS.secret_of(method, f"/v1/forms/{token}/answer") is None
    assert Route("/v1/forms", "customer", "/v1/forms").secret_of(method, f"/v1/forms/{token}") is None


async def test_a_public_path_asks_for_no_token_and_others_do(gateway: Any) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        assert (await client.get("/v1/forms/abc")).json()["path"] == "/v1/forms/abc"
        assert (await client.post("/v1/forms/abc/answer", json={"score": 9})).json()["size"] == 11
        passed = len(gateway.service.calls)
        for method, path in (
            ("POST", "/v1/forms/abc"), ("GET", "/v1/forms/abc/answer"), ("DELETE", "/v1/forms/abc"),
            ("PATCH", "/v1/forms/abc/answer"), ("GET", "/v1/forms"), ("GET", "/v1/forms/"),
            ("POST", "/v1/forms//answer"), ("GET", "/v1/forms/abc/answer/x"), ("GET", "/v1/accounts/echo"),
            ("POST", "/v1/accounts/abc/answer"), ("GET", "/admin/customer/parked"),
        ):  # fmt: skip
            assert (await client.request(method, path)).status_code == 401, f"{method} {path}"
        for path in ("/v1/forms/abc%2fdef", "/v1/forms/../accounts/echo", "/v1/forms/%2e%2e"):
            assert (await gateway_raw(gateway, path)).startswith(b"HTTP/1.1 400"), path
        assert len(gateway.service.calls) == passed


async def gateway_raw(gateway: Any, path: str) -> bytes:
    """The answer to a path that a client would tidy up."""
    found: bytes = await gateway.raw(f"GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n".encode())
    return found


async def test_credentials_of_whatever_kind_change_nothing_and_go_no_further(gateway: Any) -> None:
    forged = [{"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, {"Authorization": "Basic Zm9vOmJhcg=="},
              gateway.bearer("admin"), {"Cookie": "session=1"}, {"Idempotency-Key": "k"}]  # fmt: skip
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for headers in forged:
            answer = await client.get("/v1/forms/abc", headers=headers | {"X-Subject": "admin", "X-Real-IP": "1.2.3.4"})
            assert answer.status_code == 200
            sent = {name for name, _ in answer.json()["headers"]}
            assert not sent & {"authorization", "cookie", "x-subject", "x-real-ip"}
        twice = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
        assert (await client.get("/v1/forms/abc", headers=twice)).status_code == 200


async def test_each_address_and_each_form_has_its_limit(adapter: Any, start: Any) -> None:
    async with (
        start(*adapter, public_limit_per_minute=4, trusted_proxies=1) as running,
        httpx.AsyncClient(base_url=running.url) as client,
    ):

        async def ask(token: str, address: str) -> httpx.Response:
            return await client.get(f"/v1/forms/{token}", headers={"X-Forwarded-For": f"9.9.9.9, {address}"})

        found = await asyncio.gather(*(ask(f"t{n}", "192.0.2.1") for n in range(6)))
        assert sorted(one.status_code for one in found) == [200] * 4 + [429] * 2
        assert {one.headers["ratelimit-policy"] for one in found} == {'"address";q=4;w=60'}
        found = await asyncio.gather(*(ask("same", f"198.51.100.{n}") for n in range(6)))
        refused = [one for one in found if one.status_code == 429]
        assert len(refused) == 2
        assert refused[0].headers["ratelimit-policy"] == '"token";q=4;w=60'
        assert (refused[0].json()["code"], refused[0].json()["retryable"]) == ("too-many-requests", True)
        assert 1 <= int(refused[0].headers["retry-after"]) <= 60
        assert len(running.service.calls) == 8
        assert (await client.get("/v1/accounts/echo", headers=running.bearer())).status_code == 200


async def test_a_body_without_a_token_is_small(gateway: Any) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        answer = await client.post("/v1/forms/abc/answer", content=b"x" * (PUBLIC_BODY_BYTES + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        answer = await client.post("/v1/forms/abc/answer", content=b"x" * PUBLIC_BODY_BYTES)
        assert answer.status_code == 200


def test_the_window_of_a_minute_moves() -> None:
    at = [0.0]
    limits = PublicLimits(2, now=lambda: at[0])
    for moment in (0.0, 30.0):
        at[0] = moment
        limits.admit("a", "t")
    for moment, is_admitted in ((59.9, False), (60.0, True), (61.0, False), (90.1, True)):
        at[0] = moment
        try:
            limits.admit("a", "t")
            assert is_admitted, moment
        except Refusal:
            assert not is_admitted, moment


@pytest.mark.parametrize(
    ("peer", "said", "proxies", "address"),
    [
        ("192.0.2.1", "203.0.113.9", 0, "192.0.2.1"),
        ("192.0.2.1", "1.1.1.1, 203.0.113.9", 1, "203.0.113.9"),
        ("192.0.2.1", "1.1.1.1, 203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9", 2, "192.0.2.1"),
        ("192.0.2.1", "", 1, "192.0.2.1"),
        ("192.0.2.1", "unknown", 1, "192.0.2.1"),
        ("::ffff:192.0.2.1", "", 0, "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "", 0, "2001:db8:1:2::"),
        ("", "", 0, ""),
    ],
)
def test_an_address_is_what_a_trusted_hop_saw(peer: str, said: str, proxies: int, address: str) -> None:
    assert address_of(peer, {b"x-forwarded-for": [said.encode()]} if said else {}, proxies) == address
