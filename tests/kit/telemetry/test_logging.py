import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from kit.telemetry.logging import bind_service, configure_logging, request_id, reset_logging
from kit.telemetry.tracing import tracing


@pytest.fixture(autouse=True)
def _own_configuration() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    reset_logging()
    yield
    reset_logging()
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_line_has_service_trace_and_request(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("customer")
    with tracing() as here, structlog.contextvars.bound_contextvars(request_id="r-1"):
        assert request_id() == "r-1"
        structlog.get_logger("kit.x").info("order placed", lines=3)
    structlog.get_logger("kit.x").warning("outside")
    first, second = lines(capsys)
    assert first.pop("at").endswith("Z")
    assert first == {
        "event": "order placed",
        "level": "info",
        "lines": 3,
        "logger": "kit.x",
        "request_id": "r-1",
        "service": "customer",
        "trace_id": here.trace_id,
    }
    assert "trace_id" not in second
    assert request_id() == ""


def test_standard_library_takes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("customer")
    logging.getLogger("some.library").warning("mail to %s bounced", "ann@example.com", extra={"email": "x"})
    (line,) = lines(capsys)
    assert line["event"] == "mail to [email] bounced"
    assert line["email"] == "[redacted]"
    assert (line["logger"], line["level"], line["service"]) == ("some.library", "warning", "customer")


def test_tracebacks_are_kept_and_scrubbed(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("customer")
    try:
        raise ValueError("no account for ann@example.com")
    except ValueError:
        structlog.get_logger().exception("failed", authorization="Bearer abc")
    (line,) = lines(capsys)
    assert "ValueError: no account for [email]" in line["exception"]
    assert line["authorization"] == "[redacted]"


def test_level_filters(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("customer", "warning")
    structlog.get_logger("kit.x").info("quiet")
    logging.getLogger("x").info("quiet")
    structlog.get_logger("kit.x").error("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]
    with pytest.raises(ValueError, match="unknown log level"):
        configure_logging("customer", "chatty")


async def test_four_services_in_one_process(capsys: pytest.CaptureFixture[str]) -> None:
    async def serve(service: str) -> None:
        configure_logging(service)
        bind_service(service)
        await asyncio.sleep(0)
        structlog.get_logger("kit.x").info("ready")

    names = ["channels", "customer", "risk", "targets"]
    await asyncio.gather(*(serve(name) for name in names))
    structlog.get_logger("kit.x").info("all")
    found = lines(capsys)
    assert sorted(line["service"] for line in found[:-1]) == names
    assert found[-1]["service"] in names
    assert len(found) == 5


def test_values_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("customer")
    structlog.get_logger().info("odd", big=2**80, lone="\ud800", keys={1: "a"}, raw=b"\xff", nan=float("nan"))
    (line,) = lines(capsys)
    assert (line["event"], line["big"], line["keys"]) == ("odd", 2**80, {"1": "a"})


def test_lines_for_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("customer", json=False)
    structlog.get_logger().info("order placed", email="ann@example.com")
    out = capsys.readouterr().err
    assert "order placed" in out
    assert "ann@" not in out
