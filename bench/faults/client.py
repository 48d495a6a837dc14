"""A client that asks until it is answered: the same Idempotency-Key again after every kind of failure."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import orjson

SECRET = "crmesh-development"
AGAIN = {408, 425, 429, 500, 502, 503, 504}
TIMEOUT_SECONDS = 15.0
IN_FLIGHT = "idempotency-key-in-flight"


class Refused(Exception):
    """An answer that sending again does not change."""

    def __init__(self, method: str, path: str, status: int, body: Any) -> None:
        super().__init__(f"{method} {path}: {status} {str(body)[:300]}")
        self.status = status
        self.body: dict[str, Any] = body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True)
class Ack:
    """A command that was acknowledged. `lane`: commands of one lane were sent one after another."""

    number: int
    lane: str
    kind: str
    path: str
    id: str
    key: str
    answer: dict[str, Any]
    attempts: int
    at: float


@dataclass
class Journal:
    """Every acknowledgement, in memory and in a file."""

    path: Path
    acks: list[Ack] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, lane: str, kind: str, path: str, key: str, answer: dict[str, Any], attempts: int) -> Ack:
        """Note an acknowledgement."""
        ack = Ack(len(self.acks), lane, kind, path, str(answer.get("id", "")), key, answer, attempts, time.time())
        self.acks.append(ack)
        with self.path.open("a") as file:
            file.write(json.dumps(asdict(ack), default=str) + "\n")
        return ack


class Client:
    """One or more gateways; `rotation` are those that new requests go to. More requests at once than `connections` wait
    here, and fail like those that the gateway does not take."""

    def __init__(
        self, gateways: Sequence[str], journal: Journal, *, retries: bool = True, connections: int = 100
    ) -> None:
        self.rotation = list(gateways)
        self.journal = journal
        self._retries = retries
        self._connections = connections
        self._turn = itertools.count()
        self._tokens: dict[str, tuple[str, float]] = {}
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, connect=5)
        self._http = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=self._connections))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def get(self, path: str, principal: str = "admin", **params: object) -> Any:
        """GET until answered; raises Refused."""
        query = {name: str(value) for name, value in params.items()}
        return (await self._call("GET", path, None, {}, principal, query))[0]

    async def command(
        self,
        lane: str,
        kind: str,
        path: str,
        body: object,
        key: UUID,
        *,
        method: str = "POST",
        principal: str = "admin",
        headers: dict[str, str] | None = None,
        stream_key: str = "",
    ) -> dict[str, Any]:
        """A write, sent with the same key until it is acknowledged; raises Refused."""
        sent = {"Idempotency-Key": str(key), **(headers or {})}
        try:
            answer, attempts = await self._call(method, path, body, sent, principal, {})
        except Refused as error:
            self.journal.refused[f"{kind} {error.status} {error.body.get('code', '')}"] += 1
            raise
        self.journal.add(lane, kind, path, stream_key, answer, attempts)
        assert isinstance(answer, dict)
        return answer

    async def _call(
        self, method: str, path: str, body: object, headers: dict[str, str], principal: str, query: dict[str, str]
    ) -> tuple[Any, int]:
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body, default=str)
        kind = {"Content-Type": "application/json"} if body is not None else {}
        for attempt in itertools.count(1):
            problem = ""
            try:
                token = await self._token(principal)
                sent = {"Authorization": f"Bearer {token}", **kind, **headers}
                status, answer = await self._exchange(method, path, content, sent, query)
                if status < 300:
                    return answer, attempt
                code = answer.get("code", "") if isinstance(answer, dict) else ""
                problem = f"{status} {code}".strip()
                again = status in AGAIN or code == IN_FLIGHT or (isinstance(answer, dict) and answer.get("retryable"))
                if status == 401:
                    self._tokens.pop(principal, None)
                    again = True
                if not again or (not self._retries and code != IN_FLIGHT and status in AGAIN):
                    raise Refused(method, path, status, answer)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                problem = type(error).__name__
                if not self._retries:
                    self.journal.failures[problem] += 1
                    raise Refused(method, path, 0, {"code": problem}) from error
            self.journal.failures[problem] += 1
            await asyncio.sleep(min(1.0, 0.05 * 2 ** min(attempt, 5)))
        raise AssertionError("unreachable")

    async def _exchange(
        self, method: str, path: str, content: bytes, headers: dict[str, str], query: dict[str, str]
    ) -> tuple[int, Any]:
        assert self._http is not None
        url = self.rotation[next(self._turn) % len(self.rotation)] + path
        async with self._http.request(method, url, data=content or None, headers=headers, params=query) as answer:
            raw = await answer.read()
            try:
                return answer.status, orjson.loads(raw) if raw else {}
            except orjson.JSONDecodeError:
                return answer.status, {"code": "not-json"}

    async def _token(self, principal: str) -> str:
        token, until = self._tokens.get(principal, ("", 0.0))
        if time.monotonic() < until:
            return token
        assert self._http is not None
        form = {"grant_type": "client_credentials", "client_id": principal, "client_secret": SECRET}
        async with self._http.post(f"{self.rotation[0]}/oauth/token", data=form) as answer:
            answer.raise_for_status()
            found = orjson.loads(await answer.read())
        self._tokens[principal] = (found["access_token"], time.monotonic() + found["expires_in"] * 0.8)
        return str(found["access_token"])
