"""One key: one effect and one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kit.testing.service import codes
from kit.web.idempotency import KeyInFlight, keyed_request


def without(headers: Any, *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


async def test_replay_is_the_same_answer(web: Any) -> None:
    headers = web.headers(Idempotency_Key="key-1")
    first, second = [await web.create("a", headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert without(second.headers, "idempotency-replayed", "x-request-id") == without(first.headers, "x-request-id")
    assert await web.names() == ["a"]


async def test_nothing_is_replayed_to_who_may_not_do_it_any_more(web: Any) -> None:
    key = {"Idempotency_Key": "key-1"}
    assert (await web.create("a", headers=web.headers("alice", "writer", **key))).status_code == 201
    assert (await web.create("a", headers=web.headers("alice", "reader", **key))).status_code == 403
    assert (await web.create("a", headers=web.headers("alice", "writer", **key))).status_code == 201


async def test_answer_without_a_body_is_replayed(web: Any) -> None:
    path = (await web.create("a")).headers["location"]
    headers = web.headers(Idempotency_Key="key-1", If_Match='"12"')
    answers = [await web.client.patch(path, headers=headers) for _ in range(2)]
    assert [(a.status_code, a.content, a.headers["etag"]) for a in answers] == [(204, b"", '"13"')] * 2


SPELLINGS = [
    lambda given: given.upper(),
    lambda given: given.replace("-", ""),
    lambda given: f"urn:uuid:{given}",
    lambda given: f"%7B{given}%7D",
    lambda given: "".join(f"%{ord(one):02X}" for one in given),
    lambda given: given[:-1] + f"%{ord(given[-1]):02x}",
]


@pytest.mark.parametrize("spelled", SPELLINGS)
async def test_the_same_id_in_another_spelling_is_the_same_request(web: Any, spelled: Callable[[str], str]) -> None:
    path = (await web.create("a")).headers["location"]
    collection, _, given = path.rpartition("/")
    headers = web.headers(Idempotency_Key="key-1", If_Match='"12"')
    for each in (path, f"{collection}/{spelled(given)}"):
        answer = await web.client.patch(each, headers=headers)
        assert (answer.status_code, answer.headers["etag"]) == (204, '"13"')
    assert answer.headers["idempotency-replayed"] == "true"
    assert await web.count("idempotency_key") == 1


MEANT = b'{"order_id": "0190A3B0-0000-7000-8000-00000000ABCD", "amount": 1, "note": "A"}'
SAME = [
    b'{"amount":1,"note":"A","order_id":"0190a3b0-0000-7000-8000-00000000abcd"}',
    b' {"note": "A",\n "order_id": "0190a3b0-0000-7000-8000-00000000ABCD", "amount": 1}',
]
OTHER = [
    MEANT.replace(b"ABCD", b"ABCE"),
    MEANT.replace(b'"A"', b'"a"'),
    MEANT.replace(b"order_id", b"id"),
    MEANT.replace(b"1,", b"2,"),
    MEANT[:-1],
]


IDS = '{"ids": ["%s"], "shares": {"%s": 1, "0190a3b0-0000-7000-8000-00000000aaaa": 2}, "note": "\\"%s"}'
IN_BODIES = ["0190a3b0-0000-7000-8000-00000000abcd", "0190A3B000007000800000000000ABCD"]


def test_ids_in_lists_as_names_and_in_the_query_are_the_same_in_any_spelling() -> None:
    """A text that holds an id is none, and one key with the same query in another order is one request."""
    bodies = [(IDS % (each, each, "x")).encode() for each in IN_BODIES]
    texts = [(IDS % (IN_BODIES[0], IN_BODIES[0], each)).encode() for each in (IN_BODIES[0].upper(), IN_BODIES[0])]
    queries = ["a=%41&id=" + IN_BODIES[0], f"id={IN_BODIES[1]}&a=A", "id=%7B" + IN_BODIES[0].upper() + "%7D&a=A"]

    def hashed(query: str, body: bytes) -> str:
        return keyed_request("a", "POST", "/", query, ["k"], body).body_hash

    assert len({hashed("", body) for body in bodies}) == 1
    assert len({hashed("", body) for body in texts}) == 2
    assert len({hashed(query, b"") for query in queries}) == 1
    assert len({hashed(query, b"") for query in ("a=A", "a=a", "a=", "b=A")}) == 4


def test_a_body_is_the_same_however_it_is_written() -> None:
    hashes = [keyed_request("a", "POST", "/", "", ["k"], body).body_hash for body in (MEANT, *SAME, *OTHER)]
    assert len(set(hashes[: 1 + len(SAME)])) == 1
    assert len(set(hashes)) == 1 + len(OTHER)


async def test_an_answer_kept_by_an_earlier_release_is_given(web: Any) -> None:
    content = b'{ "name": "a"}'
    request = keyed_request("alice", "POST", "/v1/notes", "", ["key-1"], content)
    assert request.body_hash != request.written_hash
    async with web.runtime.db.transaction() as tx:
        await tx.execute(ANSWERED, request.written_hash)
    answer = await web.send(content, Idempotency_Key="key-1")
    assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")


async def test_another_id_is_another_request(web: Any) -> None:
    paths = [(await web.create(name)).headers["location"] for name in ("a", "b")]
    headers = web.headers(Idempotency_Key="key-1", If_Match='"12"')
    answers = [await web.client.patch(path, headers=headers) for path in paths]
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, None]


async def test_other_body_or_query_is_refused(web: Any) -> None:
    headers = web.headers(Idempotency_Key="key-1")
    await web.create("a", headers=headers)
    for answer in (await web.create("b", headers=headers), await web.create("a", "/v1/notes?x=1", headers=headers)):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert await web.names() == ["a"]


async def test_many_at_once_have_one_effect(web: Any) -> None:
    headers = web.headers(Idempotency_Key="key-1")
    answers = await asyncio.gather(*(web.create("a", headers=headers) for _ in range(12)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {KeyInFlight.code}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert (await web.names(), web.hooks.entered) == (["a"], 1)


async def test_second_one_during_the_first_is_told_to_wait(web: Any) -> None:
    headers = web.headers(Idempotency_Key="key-1")
    web.hooks.gate = asyncio.Event()
    first = asyncio.create_task(web.create("a", headers=headers))
    await web.hooks.began.wait()
    second = await web.create("a", headers=headers)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency-key-in-flight")
    assert second.headers["retry-after"] == "1"
    web.hooks.gate.set()
    assert (await first).status_code == 201
    assert (await web.create("a", headers=headers)).content == (await first).content


ANSWERED = """
INSERT INTO idempotency_key (principal, route, key, body_hash, status, headers, body)
VALUES ('alice', 'POST /v1/notes', 'key-1', $1, 201, '{}', '{"from": "the first"}')
"""


async def test_answer_committed_between_look_up_and_lock_is_found(web: Any) -> None:
    """The look-up may not see what was committed before the lock was free; the commit then does."""
    content = b'{"name": "a"}'
    request = keyed_request("alice", "POST", "/v1/notes", "", ["key-1"], content)
    web.hooks.gate = asyncio.Event()
    late = asyncio.create_task(web.send(content, Idempotency_Key="key-1"))
    await web.hooks.began.wait()
    async with web.runtime.db.transaction() as tx:
        await tx.execute(ANSWERED, request.body_hash)
    web.hooks.gate.set()
    answer = await late
    assert (answer.status_code, answer.json(), answer.headers["idempotency-replayed"]) == (
        201,
        {"from": "the first"},
        "true",
    )
    assert await web.names() == []


async def test_two_keys_are_none(web: Any) -> None:
    headers = [*web.headers().items(), ("Idempotency-Key", "key-1"), ("Idempotency-Key", "key-2")]
    answer = await web.client.post("/v1/notes", json={"name": "a"}, headers=headers)
    assert (answer.status_code, codes(answer.json())) == (422, ["Idempotency-Key"])
    assert await web.names() == []


async def test_refused_request_leaves_no_key(web: Any) -> None:
    headers = web.headers(Idempotency_Key="key-1")
    for fields in ({"remark": "conflict"}, {"remark": "teapot"}, {"size": -1}, {"size": "x"}, {"size": 1001}):
        assert (await web.create("a", headers=headers, **fields)).status_code >= 400
    assert await web.count("idempotency_key") == 0
    assert (await web.create("a", headers=headers)).status_code == 201


async def test_key_belongs_to_principal_and_route(web: Any) -> None:
    made = [
        await web.create("a", headers=web.headers("alice", Idempotency_Key="k")),
        await web.create("b", headers=web.headers("bob", Idempotency_Key="k")),
        await web.create("c", "/v1/other-notes", headers=web.headers("alice", Idempotency_Key="k")),
    ]
    assert [answer.status_code for answer in made] == [201] * 3
    assert await web.names() == ["a", "b", "c"]


async def test_key_ends_after_a_day(web: Any) -> None:
    headers = web.headers(Idempotency_Key="k")
    await web.create("a", headers=headers)
    async with web.runtime.db.transaction() as tx:
        await tx.execute("UPDATE idempotency_key SET created_at = now() - interval '25 hours'")
    assert (await web.create("b", headers=headers)).status_code == 201
    again = await web.create("b", headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é", "a\tb"])
async def test_malformed_key(web: Any, key: str) -> None:
    headers = [*web.headers().items(), ("Idempotency-Key", key.encode("latin-1"))]
    answer = await web.client.post("/v1/notes", json={"name": "a"}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "Idempotency-Key"
    assert await web.names() == []


@pytest.mark.parametrize("key", ["x" * 200, "!~\"'\\%"])
async def test_longest_and_strangest_key(web: Any, key: str) -> None:
    headers = web.headers(Idempotency_Key=key)
    answers = [await web.create("a", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]


async def test_key_on_a_read_means_nothing(web: Any) -> None:
    answer = await web.client.get("/v1/notes", headers=web.headers(Idempotency_Key="k"))
    assert (answer.status_code, await web.count("idempotency_key")) == (200, 0)
