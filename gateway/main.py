"""The gateway as a process of its own: `python -m gateway.main`, configured by the environment."""

from __future__ import annotations

from typing import Any, cast

import uvicorn

from gateway.app import Gateway, create_app
from gateway.issuer import DevelopmentIssuer
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import HttpUpstream
from kit.telemetry.logging import configure_logging


def from_environment() -> Gateway:
    """The gateway over the services' addresses; the development issuer serves when no JWKS URL is set."""
    settings = GatewaySettings()
    upstreams = {
        name: HttpUpstream(url, connect_seconds=settings.upstream_connect_seconds)
        for name, url in settings.upstreams().items()
    }
    issuer = None if settings.jwks_url else DevelopmentIssuer(settings)
    return create_app(settings, upstreams, issuer=issuer)


def main() -> None:
    """Serve until SIGTERM."""
    settings = GatewaySettings()
    configure_logging("gateway", settings.log_level)
    uvicorn.Server(server_config(cast(Any, from_environment()), host=settings.host, port=settings.port)).run()


if __name__ == "__main__":
    main()
