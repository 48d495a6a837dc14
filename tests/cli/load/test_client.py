"""Access to the API: tokens in time, busy answers again, everything else an error with its problem."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from cli.load.client import Api, ApiError

Answer = Callable[[httpx.Request], httpx.Response]


class Gateway:
    """Answers of a gateway in order; the last goes on for ever."""

    def __init__(self, *answers: httpx.Response, expires_in: int = 900) -> None:
        self.answers = list(answers)
        self.expires_in = expires_in
        self.tokens = 0
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"t{self.tokens}", "expires_in": self.expires_in})
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def api(self) -> Api:
        return Api(httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://gateway"), "admin")


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("cli.load.client.asyncio.sleep", sleep)
    return pauses


async def test_a_token_is_used_until_it_is_nearly_over() -> None:
    gateway = Gateway(httpx.Response(200, json={"ok": 1}))
    api = gateway.api()
    assert await api.get("/v1/x", limit=1) == {"ok": 1}
    await api.get("/v1/x")
    assert gateway.tokens == 1
    assert gateway.requests[0].headers["authorization"] == "Bearer t1"
    assert gateway.requests[0].url.query == b"limit=1"
    await api.acting_as("officer").get("/v1/x")
    assert gateway.tokens == 2

    short = Gateway(httpx.Response(200, json={}), expires_in=0)
    api = short.api()
    await api.get("/v1/x")
    await api.get("/v1/x")
    assert short.tokens == 2


async def test_busy_answers_are_tried_again_with_growing_pauses(no_pauses: list[float]) -> None:
    gateway = Gateway(httpx.Response(503), httpx.Response(429), httpx.Response(201, json={"id": 1}))
    assert await gateway.api().post("/v1/x", {"a": 1}) == {"id": 1}
    assert [request.content for request in gateway.requests] == [b'{"a":1}'] * 3
    assert no_pauses == sorted(no_pauses)
    assert len(no_pauses) == 2


async def test_in_the_end_busy_is_an_error(no_pauses: list[float]) -> None:
    gateway = Gateway(httpx.Response(503, json={"code": "unavailable", "retryable": True}))
    with pytest.raises(ApiError) as caught:
        await gateway.api().get("/v1/x")
    assert (caught.value.status, caught.value.problem["code"]) == (503, "unavailable")
    assert len(gateway.requests) == len(no_pauses) + 1


async def test_other_statuses_are_errors_at_once_unless_expected() -> None:
    gateway = Gateway(httpx.Response(409, text="no json"))
    with pytest.raises(ApiError, match=r"POST /v1/x: 409 no json"):
        await gateway.api().post("/v1/x")
    assert len(gateway.requests) == 1
    assert await Gateway(httpx.Response(409, json={"code": "done"})).api().post("/v1/x", expect=(201, 409)) == {
        "code": "done"
    }


async def test_all_pages_of_a_list() -> None:
    gateway = Gateway(
        httpx.Response(200, json={"items": [{"n": 1}, {"n": 2}], "next_cursor": "c"}),
        httpx.Response(200, json={"items": [{"n": 3}], "next_cursor": None}),
    )
    assert [item["n"] async for item in gateway.api().pages("/v1/x", state="open")] == [1, 2, 3]
    queries = [dict(request.url.params) for request in gateway.requests]
    assert queries == [{"limit": "200", "state": "open"}, {"limit": "200", "state": "open", "cursor": "c"}]
