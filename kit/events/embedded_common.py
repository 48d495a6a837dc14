"""What the embedded log's bus and its consumers share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import Any

import asyncpg
import orjson

from kit.events.bus import BusUnavailable, Record

CHANNEL = "crmesh_log"
"""NOTIFY channel; the payload is `<bus id or 'released'>:<topic>`."""

RELEASED = "released"
"""Instead of a bus id: a member gave its topic back."""

RECORD_COLUMNS = 'r.topic, r.partition, r."offset", r.key, r.value, r.headers, r.timestamp_ms'

# InternalClientError: asyncpg used a connection whose server had just ended it.
CONNECTION_ERRORS = (
    OSError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
)


def lock_key(*names: str) -> int:
    """A signed 64-bit advisory lock key of the names."""
    return int.from_bytes(blake2b("\0".join(names).encode(), digest_size=8).digest(), "big", signed=True)


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> str:
    """Headers as JSON text; latin-1 maps every byte to one character and back."""
    return orjson.dumps([(name, raw.decode("latin-1")) for name, raw in headers]).decode()


def to_record(row: Sequence[Any]) -> Record:
    """A record of a row of RECORD_COLUMNS."""
    headers = tuple([(name, raw.encode("latin-1")) for name, raw in orjson.loads(row[5])])
    return Record(row[0], row[1], row[2], row[3], row[4], headers, row[6])


@asynccontextmanager
async def unavailable_when_lost() -> AsyncIterator[None]:
    """Connection errors inside become BusUnavailable; values the database cannot take stay errors."""
    try:
        yield
    except CONNECTION_ERRORS as error:
        if isinstance(error, ValueError) and not isinstance(error, OSError):  # a certificate's is both
            raise
        raise BusUnavailable(f"embedded log: {error!r}") from error
