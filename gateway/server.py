"""The protocol the gateway must be served with: httptools, and stricter where an ASGI app cannot see."""

from __future__ import annotations

import httptools
from uvicorn import Config
from uvicorn._types import ASGIApplication
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class StrictHttpProtocol(HttpToolsProtocol):
    """Answers 400 to what would be read in two ways.

    - A request target that is not a path: uvicorn drops scheme and host of `GET http://other/x` silently.
    - An Upgrade with a body: the parser ends the message at its headers, and the body, when it comes in its own
      packet, would be read as the next request.
    """

    def on_headers_complete(self) -> None:
        """Called by the parser; an exception here is answered with 400 and the connection closed."""
        if not self.url.startswith(b"/"):
            raise httptools.HttpParserError("the request target must be a path")
        has_body = any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
            for name, value in self.headers
        )
        if has_body and self.parser.should_upgrade():
            raise httptools.HttpParserError("an upgrade with a body")
        super().on_headers_complete()


def server_config(app: ASGIApplication, *, host: str = "127.0.0.1", port: int = 8000) -> Config:
    """uvicorn configuration of the gateway; `port` 0 lets the system choose."""
    return Config(
        app,
        host=host,
        port=port,
        http=StrictHttpProtocol,
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
    )
