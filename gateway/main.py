"""The gateway as processes of its own: `python -m gateway.main [--workers N]`, configured by the environment."""

from __future__ import annotations

import argparse

from uvicorn.supervisors import Multiprocess

from gateway.app import Gateway, create_app
from gateway.issuer import DevelopmentIssuer
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import HttpUpstream
from kit.collector import settle_collector
from kit.telemetry.logging import configure_logging
from kit.web.server import DrainingServer


def from_environment() -> Gateway:
    """The gateway over the services' addresses; the development issuer serves when no JWKS URL is set."""
    settings = GatewaySettings()
    configure_logging("gateway", settings.log_level)
    upstreams = {
        name: HttpUpstream(url, connect_seconds=settings.upstream_connect_seconds)
        for name, url in settings.upstreams().items()
    }
    issuer = None if settings.jwks_url else DevelopmentIssuer(settings)
    app = create_app(settings, upstreams, issuer=issuer)
    settle_collector()
    return app


def main() -> None:
    """Serve until SIGTERM, draining first; several processes share the port, one that dies is started again, and
    they end without a drain."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--workers", type=int, default=1, help="number of processes")
    workers = parser.parse_args().workers
    settings = GatewaySettings()
    if workers == 1:
        app = from_environment()
        config = server_config(app, host=settings.host, port=settings.port)
        DrainingServer(config, settings.drain_seconds, app.start_draining).run()
    else:
        config = server_config("gateway.main:from_environment", host=settings.host, port=settings.port, workers=workers)
        Multiprocess(config, sockets=[config.bind_socket()]).run()


if __name__ == "__main__":
    main()
