"""Hostile bodies get a precise problem, hold nothing up and leave nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from kit.web.middleware import MAX_BODY_BYTES


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b"{", ""),
        (b'{"name": NaN}', ""),
        (b'{"name": "\\ud800"}', ""),
        (b'{"name": "a", "size": 01}', ""),
        (b'{"name": "a"} x', ""),
        (b'{"name": "\xff\xfe"}', ""),
        ('{"name": "a"}'.encode("utf-16"), ""),
        (b"\xef\xbb\xbf{}", ""),
        (b"[" * 100_000, ""),
        (b"[" * 100_000 + b"]" * 100_000, ""),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, ""),
        (b"   ", ""),
        (b"", ""),
        (b"null", ""),
        (b"[]", ""),
        (b'"text"', ""),
        (b"{}", "/name"),
        (b'{"name": 5}', "/name"),
        (b'{"name": ""}', "/name"),
        (b'{"name": "  "}', "/name"),
        (b'{"name": "a\\u0000b"}', "/name"),
        (b'{"name": "a", "size": 1.5}', "/size"),
        (b'{"name": "a", "size": "1"}', "/size"),
        (b'{"name": "a", "size": true}', "/size"),
        (b'{"name": "a", "size": ' + b"9" * 400 + b"}", ""),
        (b'{"name": "a", "size": 1e400}', ""),
        (b'{"name": "a", "extra/~field": 1}', "/extra~1~0field"),
        (b'{"name": "a", "parent": "not-a-uuid"}', "/parent"),
    ],
)
async def test_malformed_body(web: Any, content: bytes, pointer: str) -> None:
    answer = await web.send(content)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["status"]) == ("invalid", 422)
    assert problem["errors"][0]["pointer"] == pointer or (pointer == "" and problem["errors"][0]["pointer"] == "/size")
    assert problem["trace_id"]
    assert len(answer.content) < 2000
    assert await web.names() == []


async def test_input_is_not_repeated_and_names_are_cut(web: Any) -> None:
    answer = await web.send(b'{"name": 5, "parent": "hunter2", "' + b"x" * 1_000_000 + b'": 1}')
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert len(answer.content) < 2000


async def test_last_of_duplicate_names_counts(web: Any) -> None:
    assert (await web.send(b'{"name": "a", "name": "b"}')).json()["name"] == "b"


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
async def test_kinds_of_json(web: Any, media_type: str) -> None:
    assert (await web.send(b'{"name": "a"}', Content_Type=media_type)).status_code == 201


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "json"])
async def test_other_media_types_are_refused(web: Any, media_type: str) -> None:
    answer = await web.send(b'{"name": "a"}', Content_Type=media_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert await web.names() == []


async def test_large_body_is_refused_by_its_length_and_by_its_chunks(web: Any) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1_000_000 + 1):
            yield b" " * 1_000_000

    headers = {**web.headers(), "Content-Type": "application/json"}
    for answer in (
        await web.send(b" " * (MAX_BODY_BYTES + 1)),
        await web.client.post("/v1/notes", content=chunks(), headers=headers),
        await web.client.post("/v1/notes", content=chunks(), headers=headers | {"Content-Length": "9" * 5000}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert answer.headers["connection"] == "close"
    assert (await web.send(b" " * (MAX_BODY_BYTES - 13) + b'{"name": "a"}')).status_code == 201


def request_scope(headers: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/notes",
        "raw_path": b"/v1/notes",
        "query_string": b"",
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("tiny.test", 80),
    }


async def call(web: Any, headers: dict[str, str], receive: Callable[[], Awaitable[dict[str, Any]]]) -> list[Any]:
    sent: list[Any] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await web.app(request_scope(headers), receive, send)
    return sent


async def test_slow_sender_holds_no_connection(web: Any) -> None:
    await web.create("warm")
    more, waiting = asyncio.Event(), asyncio.Event()
    parts = [(b'{"name"', True), (b': "slow"}', False)]

    async def receive() -> dict[str, Any]:
        if len(parts) == 1:
            waiting.set()
            await more.wait()
        body, more_body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": more_body}

    headers = {**web.headers(), "Content-Type": "application/json"}
    pending = asyncio.create_task(call(web, headers, receive))
    await waiting.wait()
    assert web.runtime.db.connections_in_use() == 0
    more.set()
    assert (await pending)[0]["status"] == 201


async def test_no_token_no_reading(web: Any) -> None:
    """A body is not read for a caller who may not send one."""

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}):
        sent = await call(web, {**headers, "Content-Type": "application/json"}, receive)
        assert sent[0]["status"] == 401
        assert (b"www-authenticate", b'Bearer realm="crmesh"') in sent[0]["headers"]


async def test_client_that_goes_away_while_sending_changes_nothing(web: Any) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    sent = await call(web, {**web.headers(), "Content-Type": "application/json"}, receive)
    assert sent[0]["status"] == 499
    assert await web.names() == []
    assert web.runtime.db.connections_in_use() == 0
