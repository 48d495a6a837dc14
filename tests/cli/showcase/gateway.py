"""A gateway of answers for the showcase: what stands at a path, one answer after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from cli.load.client import Api

Answer = dict[str, Any] | httpx.Response


def listed(*items: dict[str, Any], count: int | None = None) -> dict[str, Any]:
    """A list with all of its items."""
    return {"items": list(items), "next_cursor": None, "count": count}


def problem(status: int, **body: object) -> httpx.Response:
    """An answer that refuses."""
    return httpx.Response(status, json=body)


@dataclass
class Answers:
    """Answers by method and path in order; the last of each goes on for ever."""

    known: Mapping[str, Sequence[Answer]]
    sent: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left = {key: list(answers) for key, answers in self.known.items()}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 900})
        key = f"{request.method} {request.url.path}"
        self.sent.append((key, orjson.loads(request.content) if request.content else None))
        left = self._left[key]
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def posted(self) -> list[tuple[str, Any]]:
        """Commands that were sent."""
        return [(key, body) for key, body in self.sent if key.startswith("POST ")]

    def api(self) -> Api:
        """Access to these answers."""
        return Api(httpx.AsyncClient(transport=httpx.MockTransport(self), base_url="http://gateway"), "admin")
