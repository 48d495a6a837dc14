"""The gateway: a raw ASGI front that proxies routed paths, over a FastAPI shell for everything of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from gateway.access_log import AccessLog
from gateway.answer import Answer
from gateway.breaker import Lane
from gateway.compose.calls import Services
from gateway.compose.customers import customers_router
from gateway.compose.dashboards import dashboards_router
from gateway.compose.me import me_router
from gateway.cors import Cors
from gateway.docs import docs_router
from gateway.headers import Headers, MalformedRequest, RequestContext, by_name, check_request, context_of, trace_of
from gateway.issuer import DevelopmentIssuer, issuer_router
from gateway.limits import PublicLimits, RateLimits
from gateway.openapi import Document, MergedDocument
from gateway.problems import Refusal, on_refusal, send_problem
from gateway.proxy import Proxy
from gateway.routes import Route, RouteTable, default_routes
from gateway.settings import GatewaySettings
from gateway.upstream import Upstream
from kit.security.tokens import TokenVerifier, http_jwks, static_jwks
from kit.telemetry.metrics import HttpMetrics
from kit.telemetry.spans import recording
from kit.telemetry.tracing import PROBES, describe_request, tracing
from kit.web.health import health_routes, holds_keys, is_well
from kit.web.middleware import without_body
from kit.web.problems import install

logger = logging.getLogger(__name__)

DESCRIPTION = """Customer relationships and sales performance: four services behind one gateway.

Every request carries `Authorization: Bearer TOKEN`, but for operations that ask for none. In
development `POST /oauth/token` gives one
(`grant_type=client_credentials`, `client_id=admin`, `client_secret=crmesh-development`)."""


TAGS = [
    {"name": "me", "description": "Who the caller is, and what every service lets them do and see."},
    {"name": "customers", "description": "All that the services know of a customer, in one answer."},
    {"name": "dashboards", "description": "A target and what speaks for and against it, in one answer."},
    {"name": "development issuer", "description": "Tokens of demo principals; absent in production."},
]


class Gateway:
    """ASGI application. `document` is the merged OpenAPI document, `shell` the FastAPI application beneath,
    `metrics` its own figures."""

    def __init__(
        self,
        shell: FastAPI,
        proxy: Proxy,
        routes: RouteTable,
        document: MergedDocument,
        settings: GatewaySettings,
        metrics: HttpMetrics,
    ) -> None:
        self.shell, self.document, self.proxy, self.metrics = shell, document, proxy, metrics
        self._routes, self._cors = routes, Cors(settings.cors_origins)
        self._compress_min_bytes = settings.compress_min_bytes
        self._log = AccessLog(is_on=settings.access_log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Checks what every request must satisfy, then proxies or serves it."""
        if scope["type"] == "lifespan":
            await self.shell(scope, receive, send)
            self._log.flush()
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            values = by_name(scope["headers"])
            with tracing(trace_of(values), "gateway", scope["path"]) as trace:
                await self._request(scope, receive, send, context_of(values, trace))

    async def _request(self, scope: Scope, receive: Receive, send: Send, context: RequestContext) -> None:
        began, values, route = self._log.now(), context.values, None
        own: Headers = [(b"x-request-id", context.request_id)]
        answer = Answer(send, scope["method"], values, own, self._cors, self._compress_min_bytes)
        try:
            check_request(scope, values)
            route = self._routes.match(scope["raw_path"].decode("ascii"))
            if self._cors.is_preflight(scope["method"], values):
                await _answer_preflight(answer, self._cors.preflight_headers(values))
            elif route is None:
                await self._own({**scope, "state": {"context": context, "answer": answer}}, receive, answer)
            else:
                await self.proxy(scope, receive, answer, route=route, context=context)
        except MalformedRequest as error:
            await send_problem(scope, receive, answer, "malformed-request", str(error))
        except Refusal as error:
            await send_problem(scope, receive, answer, error.code, error.detail, error.headers)
        except Exception:
            logger.exception("request failed in the gateway")
            if answer.has_started:
                raise
            await send_problem(scope, receive, answer, "internal")
        finally:
            name = _route_name(route, scope)
            self.metrics.observe_request(scope["method"], name, answer.status, self._log.now() - began)
            describe_request(scope["method"], name, answer.status)
            if self._log.is_on:
                self._log.write(answer, scope["method"], route, context, began)

    async def _own(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What the gateway answers itself; its endpoints find RequestContext and Answer in the request's state."""
        if scope["method"] == "HEAD":
            await self.shell({**scope, "method": "GET"}, receive, without_body(send))
        else:
            await self.shell(scope, receive, send)

    def start_draining(self) -> None:
        """From now on /readyz says no, so that load balancers send no more."""
        self.shell.state.is_ready = False


def _route_name(route: Route | None, scope: Scope) -> str:
    """Bounded: prefixes of the table, the probes, and one name for all else."""
    if route is not None:
        return route.prefix
    path: str = scope["path"]
    return path if path in PROBES else "own"


async def _answer_preflight(answer: Answer, headers: Headers) -> None:
    await answer({"type": "http.response.start", "status": 204, "headers": headers})
    await answer({"type": "http.response.body", "body": b""})


def create_app(
    settings: GatewaySettings,
    upstreams: Mapping[str, Upstream],
    *,
    issuer: DevelopmentIssuer | None = None,
    routes: RouteTable | None = None,
    documents: Mapping[str, Document] | None = None,
    others: Sequence[HttpMetrics] = (),
) -> Gateway:
    """Gateway over one upstream per service name. The upstreams are closed with the application.

    Tokens are those of `issuer` when given (served under /oauth), else of `settings.issuer_url` with the keys at
    `settings.jwks_url` (ValueError when unset). `documents`: OpenAPI documents already known. `others`:
    metrics of what else runs in this process, shown with the gateway's own.
    """
    table = routes or default_routes()
    metrics = HttpMetrics("gateway")
    verifier = _verifier(settings, issuer)
    shell = _shell(upstreams, verifier, [metrics, *others])
    merged = MergedDocument(upstreams, table, shell.openapi, "/oauth/token" if issuer else None, documents)
    shell.include_router(docs_router(merged))
    if issuer is not None:
        shell.include_router(issuer_router(issuer))
    limits = RateLimits(settings.rate_limit_per_second)
    proxy = Proxy(
        upstreams,
        verifier,
        limits,
        PublicLimits(settings.public_limit_per_minute),
        trusted_proxies=settings.trusted_proxies,
        max_body_bytes=settings.max_body_bytes,
        most_in_flight=settings.upstream_max_in_flight,
    )
    services = Services(upstreams, proxy.lanes)
    for composed in (me_router, customers_router, dashboards_router):
        shell.include_router(composed(services, verifier, limits))
    _watch_lanes(metrics, proxy.lanes)
    return Gateway(shell, proxy, table, merged, settings, metrics)


def _watch_lanes(metrics: HttpMetrics, lanes: Mapping[str, Lane]) -> None:
    in_flight = metrics.gauge("crmesh_gateway_requests_in_flight", "Requests on their way to a service", "upstream")
    is_open = metrics.gauge("crmesh_gateway_breaker_open", "1 while calls to a service are refused", "upstream")
    for name, lane in lanes.items():
        in_flight.labels(metrics.service, name).set_function(partial(getattr, lane, "in_flight"))
        is_open.labels(metrics.service, name).set_function(partial(getattr, lane.breaker, "is_open"))


def _verifier(settings: GatewaySettings, issuer: DevelopmentIssuer | None) -> TokenVerifier:
    if issuer is not None:
        return TokenVerifier(settings.issuer_url, settings.audience, static_jwks(issuer.jwks()))
    if settings.jwks_url is None:
        raise ValueError("CRMESH_JWKS_URL is needed without the development issuer")
    return TokenVerifier(
        settings.issuer_url, settings.audience, http_jwks(settings.jwks_url), algorithm=settings.signing_algorithm
    )


def _shell(upstreams: Mapping[str, Upstream], verifier: TokenVerifier, metrics: Sequence[HttpMetrics]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with recording("gateway"):
            app.state.is_ready = True
            yield
            app.state.is_ready = False
        for upstream in upstreams.values():
            await upstream.aclose()

    shell = FastAPI(
        title="crmesh",
        description=DESCRIPTION,
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        openapi_tags=TAGS,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    shell.state.is_ready = False
    install(shell)
    shell.add_exception_handler(Refusal, on_refusal)

    @shell.get("/", include_in_schema=False)
    async def index() -> RedirectResponse:
        return RedirectResponse("/docs")

    async def readyz() -> str:
        return await holds_keys(verifier) if shell.state.is_ready else "draining"

    shell.router.routes.extend(health_routes(is_well, readyz, is_well, metrics))
    return shell
