"""Settings that are unsafe in production, and disks that are full."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kit.doctor.host import GIB, check_disk, check_issuer, check_settings, check_versions, judge_disk
from kit.native.process import free_port
from kit.settings import ServiceSettings

SOUND: dict[str, Any] = {
    "ENV": "production",
    "secret": "k" * 32,
    "issuer": "https://login.example.com",
    "jwks_url": "https://login.example.com/keys",
}


def levels(**changes: str) -> dict[str, str]:
    return {each.check: each.level for each in check_settings(ServiceSettings(**{**SOUND, **changes}))}


def test_sound_settings() -> None:
    assert set(levels().values()) == {"ok"}


@pytest.mark.parametrize(
    ("changes", "check", "level"),
    [
        ({"secret": "development"}, "secret", "fail"),
        ({"secret": "short"}, "secret", "fail"),
        ({"issuer": "http://127.0.0.1:8000"}, "issuer", "fail"),
        ({"issuer": "http://localhost:8000"}, "issuer", "fail"),
        ({"jwks_url": "http://login.example.com/keys"}, "issuer", "warn"),
        ({"log_level": "debug"}, "log level", "warn"),
    ],
)
def test_unsafe_settings(changes: dict[str, str], check: str, level: str) -> None:
    found = levels(**changes)
    assert found.pop(check) == level
    assert set(found.values()) == {"ok"}


def test_the_defaults_are_not_for_production() -> None:
    assert (
        levels(**{name: ServiceSettings.model_fields[name].default for name in ("issuer", "jwks_url")})["issuer"]
        == "fail"
    )


def test_development_is_only_said() -> None:
    (found,) = check_settings(ServiceSettings(**dict[str, Any](ENV="development")))
    assert (found.level, found.found) == ("ok", "ENV is development")


def test_disks(tmp_path: Path) -> None:
    assert judge_disk(100 * GIB, 50 * GIB) == "ok"
    assert judge_disk(100 * GIB, 9 * GIB) == "warn"
    assert judge_disk(100 * GIB, 1 * GIB) == "fail"
    assert judge_disk(5 * GIB, GIB // 2) == "fail"
    (found,) = check_disk(tmp_path)
    assert str(tmp_path) in found.found


def test_versions() -> None:
    (found,) = check_versions()
    assert found.level == "ok"
    assert "Python 3." in found.found


@pytest.mark.parametrize(
    ("body", "level", "found"),
    [
        (b'{"keys": [{}]}', "ok", "gives 1 keys"),
        (b'{"keys": []}', "warn", "gives 0 keys"),
        (b"[]", "warn", "gives no keys"),
        (b"<html>", "warn", "gives no keys"),
    ],
)
async def test_the_keys_of_the_issuer(body: bytes, level: str, found: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        seen = await check_issuer(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys")
    assert (seen.level, found in seen.found) == (level, True), seen.found


@pytest.mark.parametrize("url", ["http://127.0.0.1:PORT/keys", "nonsense", "http://[", ""])
async def test_an_issuer_that_is_away(url: str) -> None:
    seen = await check_issuer(url.replace("PORT", str(free_port())))
    assert (seen.level, "gives no keys" in seen.found, "CRMESH_JWKS_URL" in seen.advice) == ("warn", True, True)
