"""Calls to several services side by side, within one deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from gateway.breaker import Lane
from gateway.headers import Headers, RequestContext
from gateway.problems import UpstreamError
from gateway.upstream import Upstream, UpstreamRequest

SECONDS = 3.0
"""Of a composed answer as a whole."""
MOST_BYTES = 1024 * 1024

logger = logging.getLogger(__name__)


class Reply(NamedTuple):
    """What a service answered: JSON, and where a redirect leads."""

    status: int
    data: Any
    location: str


@dataclass(frozen=True, slots=True)
class Services:
    """The services and the way to each."""

    upstreams: Mapping[str, Upstream]
    lanes: Mapping[str, Lane]

    async def ask(self, path: str, context: RequestContext, seconds: float | None = None) -> dict[str, Any]:
        """What GET `path` answers, by service, with the caller's token; None for one that does not answer 200 with
        JSON in time."""
        names = list(self.upstreams)
        replies = await asyncio.gather(*(self.get(name, path, "", context, seconds) for name in names))
        return {
            name: reply.data if reply and reply.status == 200 else None
            for name, reply in zip(names, replies, strict=True)
        }

    async def get(
        self, name: str, path: str, query: str, context: RequestContext, seconds: float | None = None
    ) -> Reply | None:
        """What a service answers to GET, with the caller's token; None when there is no JSON in time."""
        seconds = SECONDS if seconds is None else seconds
        lane = self.lanes.get(name)
        if lane is None or not lane.enter():
            return None
        try:
            request = UpstreamRequest("GET", path, query, _headers(context, seconds))
            return await _reply(self.upstreams[name], lane, request, seconds) if lane.breaker.allows() else None
        except (UpstreamError, TimeoutError, ValueError) as error:
            logger.warning("%s did not answer %s: %r", name, path, error)
            return None
        finally:
            lane.leave()


async def _reply(upstream: Upstream, lane: Lane, request: UpstreamRequest, seconds: float) -> Reply:
    has_answered: bool | None = None
    try:
        async with asyncio.timeout(seconds), upstream.open(request) as response:
            has_answered = True
            body = bytearray()
            async for chunk in response.body:
                body += chunk
                if len(body) > MOST_BYTES:
                    raise UpstreamError("the answer is too large")
            location = next((value for name, value in response.headers if name == b"location"), b"")
            return Reply(response.status, orjson.loads(body), location.decode("ascii"))
    except (UpstreamError, TimeoutError):
        has_answered = has_answered or False
        raise
    finally:
        lane.breaker.settle(has_answered)


def _headers(context: RequestContext, seconds: float) -> Headers:
    return [
        (b"accept", b"application/json"),
        (b"authorization", context.values[b"authorization"][0]),
        (b"x-request-id", context.request_id),
        (b"x-request-timeout-ms", b"%d" % int(seconds * 1000)),
        (b"traceparent", str(context.trace).encode()),
    ]
