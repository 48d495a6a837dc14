"""How a Kafka cluster is reached: its addresses, TLS, a login. Every client is made with `options`."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka.conn import create_conn  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from kit.events.bus import BusUnavailable

MECHANISM: Final = "SCRAM-SHA-512"
_ALERT_SECONDS = 1.0
_HANDSHAKE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """`bootstrap`: host:port,host:port. `ca`, `cert`, `key`: files (PEM); without `ca` the authorities of the system
    are trusted. `cert` and `key` prove who connects, or `user` and `password` do, by SCRAM-SHA-512.

    With TLS the name of a broker must be one of its certificate.
    """

    bootstrap: str
    tls: bool = False
    ca: str = ""
    cert: str = ""
    key: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    def options(self, client_id: str) -> dict[str, Any]:
        """What aiokafka's clients are made with. The files are read each time, so that a new client has renewed
        certificates; BusUnavailable when one cannot be read."""
        found: dict[str, Any] = {"bootstrap_servers": self.bootstrap, "client_id": client_id}
        if self.tls:
            found |= {"security_protocol": "SSL", "ssl_context": self._context()}
        if self.user:
            found |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": MECHANISM,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return found

    async def explain(self, error: BaseException) -> str:
        """The error of a client with the reason why TLS or the login failed, which aiokafka keeps to itself."""
        reason = await self._refusal() if self.tls else ""
        return f"{error!r}: {reason}" if reason else repr(error)

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.cert:
                context.load_cert_chain(self.cert, self.key)
        except OSError as error:
            files = [name for name in (self.ca, self.cert, self.key) if name]
            raise BusUnavailable(f"kafka: {', '.join(files)} cannot be used: {error}") from error
        return context

    async def _refusal(self) -> str:
        for address in self.bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                async with asyncio.timeout(_HANDSHAKE_SECONDS):
                    await (self._log_in if self.user else self._shake_hands)(host.strip("[]"), int(port))
            except (ssl.SSLError, KafkaError) as error:
                return str(error)
            except (OSError, ValueError, BusUnavailable):
                continue
        return ""

    async def _log_in(self, host: str, port: int) -> None:
        options = self.options("crmesh")
        del options["bootstrap_servers"]
        (await create_conn(host, port, **options)).close()

    async def _shake_hands(self, host: str, port: int) -> None:
        """A broker that refuses the certificate says so after the handshake, to who reads."""
        reader, writer = await asyncio.open_connection(host, port, ssl=self._context())
        try:
            async with asyncio.timeout(_ALERT_SECONDS):
                await reader.read(1)
        finally:
            writer.transport.abort()
