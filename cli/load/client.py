"""The public API through the gateway, with a demo principal's token that is renewed in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

DEVELOPMENT_SECRET = "crmesh-development"
BUSY = (429, 502, 503, 504)


class ApiError(Exception):
    """An answer that was not expected; `problem` is its body."""

    def __init__(self, method: str, path: str, response: httpx.Response) -> None:
        super().__init__(f"{method} {path}: {response.status_code} {response.text[:600]}")
        self.status = response.status_code
        try:
            self.problem: dict[str, Any] = response.json()
        except ValueError:
            self.problem = {}


class Api:
    """One principal's access."""

    def __init__(self, http: httpx.AsyncClient, principal: str, secret: str = DEVELOPMENT_SECRET) -> None:
        self._http = http
        self.principal = principal
        self._secret = secret
        self._token = ""
        self._renew_at = 0.0

    def acting_as(self, principal: str) -> Api:
        """The same connection as another principal."""
        return Api(self._http, principal, self._secret)

    def with_token(self, token: str) -> Api:
        """The same connection with a bearer token from elsewhere, which nothing here renews."""
        other = Api(self._http, self.principal, self._secret)
        other._token, other._renew_at = token, float("inf")
        return other

    async def token(self) -> str:
        """A valid bearer token."""
        if time.monotonic() >= self._renew_at:
            form = {"grant_type": "client_credentials", "client_id": self.principal, "client_secret": self._secret}
            response = await self._http.post("/oauth/token", data=form)
            if response.status_code != 200:
                raise ApiError("POST", "/oauth/token", response)
            answer = response.json()
            self._token = answer["access_token"]
            self._renew_at = time.monotonic() + answer["expires_in"] * 0.8
        return self._token

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        expect: Sequence[int] = (200, 201, 202, 204),
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        attempts: int = 5,
    ) -> Any:
        """The JSON answer; raises ApiError for a status that is not expected. Busy answers are tried again."""
        content = None if body is None else orjson.dumps(body, default=str)
        for attempt in range(1, attempts + 1):
            sent = {"Authorization": f"Bearer {await self.token()}", **(headers or {})}
            if content is not None:
                sent["Content-Type"] = "application/json"
            response = await self._http.request(method, path, content=content, headers=sent, params=params)
            if response.status_code in BUSY and response.status_code not in expect and attempt < attempts:
                await asyncio.sleep(0.2 * 2**attempt)
                continue
            break
        if response.status_code not in expect:
            raise ApiError(method, path, response)
        return orjson.loads(response.content) if response.content else None

    async def get(self, path: str, **params: object) -> Any:
        """GET; `from_` and `gte` style names are given as in the query string."""
        return await self.call("GET", path, params={name: str(value) for name, value in params.items()})

    async def post(self, path: str, body: object = None, **options: Any) -> Any:
        """POST."""
        return await self.call("POST", path, body, **options)

    async def pages(self, path: str, **params: object) -> AsyncIterator[dict[str, Any]]:
        """All items of a list."""
        query = {"limit": "200", **{name: str(value) for name, value in params.items()}}
        while True:
            page = await self.call("GET", path, params=query)
            for item in page["items"]:
                yield item
            if not page["next_cursor"]:
                return
            query["cursor"] = page["next_cursor"]


@asynccontextmanager
async def connected(url: str, principal: str = "admin") -> AsyncIterator[Api]:
    """Access to the gateway at `url`."""
    async with httpx.AsyncClient(base_url=url, timeout=httpx.Timeout(120, connect=10)) as http:
        yield Api(http, principal)
