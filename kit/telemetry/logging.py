"""Logs as one JSON object per line on stderr, scrubbed; structlog and standard library alike.

Several services may share a process: the first call configures it, and each binds its own name to its
tasks (`bind_service`). Request and trace ids come from `tracing`.
"""

from __future__ import annotations

import logging
import sys
from json import dumps as json_text
from threading import Lock

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from kit.telemetry.scrubbing import scrub_event
from kit.telemetry.tracing import correlation, trace_id

_lock = Lock()
_configured: list[logging.Handler] = []
_QUIET = {
    # while Kafka is away it says so ten times a second; `relay_retry` and `consumer_retry` say it once a retry
    "aiokafka": logging.CRITICAL,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
    "uvicorn.access": logging.WARNING,
}


class _Stderr(logging.Handler):
    """Writes to whatever stderr is now (test runners and daemons replace it)."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, formatted."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def _to_json(event: object, **_options: object) -> str:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # integers past 64 bits and lone surrogates
        return json_text(event, default=str)


def _context(service: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        if found := trace_id():
            event.setdefault("trace_id", found)
        if request := correlation.get():
            event.setdefault("request_id", request)
        return event

    return add


def configure_logging(service: str, level: str = "INFO", json: bool = True) -> None:
    """Configure the process's logs once; later calls change nothing.

    `level` is a standard name (ValueError when unknown); `json=False` gives coloured lines for a terminal.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"unknown log level {level!r}")
    with _lock:
        if _configured:
            return
        shared: list[Processor] = [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _context(service),
        ]
        handler = _Stderr()
        handler.setFormatter(_formatter(shared, json))
        structlog.configure(
            processors=[
                structlog.stdlib.filter_by_level,
                *shared,
                structlog.stdlib.PositionalArgumentsFormatter(),
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
            cache_logger_on_first_use=False,
        )
        root = logging.getLogger()
        root.addHandler(handler)
        root.setLevel(number)
        for name, least in _QUIET.items():
            logging.getLogger(name).setLevel(max(number, least))
        _configured.append(handler)


def _formatter(shared: list[Processor], json: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(serializer=_to_json)
        if json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            scrub_event,
            renderer,
        ],
    )


def reset_logging() -> None:
    """Undo `configure_logging` (for tests)."""
    with _lock:
        while _configured:
            logging.getLogger().removeHandler(_configured.pop())
        structlog.reset_defaults()


def bind_service(service: str) -> None:
    """Name the service in every log line of this task and of the tasks it starts from now on."""
    structlog.contextvars.bind_contextvars(service=service)


def request_id() -> str:
    """Id of the request being served (bound by the HTTP edge as `request_id`); empty outside one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
