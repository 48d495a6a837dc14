"""Which errors say nothing about the event that was being handled."""

from __future__ import annotations

import asyncpg

from kit.db.database import TRANSIENT_ERRORS
from kit.errors import TransientError
from kit.events.bus import BusUnavailable

RETRYABLE: tuple[type[BaseException], ...] = (
    BusUnavailable,
    TransientError,
    asyncpg.InvalidCachedStatementError,
    *TRANSIENT_ERRORS,
)
_OUTAGES = (
    BusUnavailable,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.InternalClientError,
    OSError,
)


def is_outage(error: BaseException) -> bool:
    """Whether the database or the log is away, or another transaction is in the way: whatever the event
    is, waiting is the only thing to do. A statement that takes too long may be the event's fault."""
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)  # asyncpg says so of a closed connection or pool; the rest is misuse
    return isinstance(error, _OUTAGES) and not isinstance(error, asyncpg.QueryCanceledError)
