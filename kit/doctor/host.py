"""This machine, these settings, and the issuer that they name."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

import httpx

from kit.doctor.findings import Finding, Level, failed_if, finding, graded
from kit.security.tokens import http_jwks
from kit.settings import SECRET_LENGTH, ServiceSettings

GIB: Final = 1 << 30


def check_versions() -> list[Finding]:
    """Python and this release."""
    number = ".".join(map(str, sys.version_info[:3]))
    found = f"crmesh {version('crmesh')} on Python {number}"
    return [
        finding("system", "versions", failed_if(sys.version_info < (3, 11)), found, "Python 3.11 or later is needed")
    ]


def check_disk(folder: Path) -> list[Finding]:
    """Free space where the data is: PostgreSQL stops when there is none."""
    total, _used, free = shutil.disk_usage(folder)
    level = judge_disk(total, free)
    found = f"{free / GIB:.1f} of {total / GIB:.1f} GiB free at {folder}"
    return [finding("system", "disk space", level, found, "make room, or move the data to a larger disk")]


def judge_disk(total: int, free: int) -> Level:
    """`fail` under 2 % or 1 GiB free, `warn` under 10 %."""
    if free < max(GIB, total * 0.02):
        return "fail"
    return "warn" if free < total * 0.1 else "ok"


def check_settings(settings: ServiceSettings) -> list[Finding]:
    """What must not be so in production. Elsewhere it is said, and no more."""
    if settings.env != "production":
        advice = "set ENV=production where it is for real"
        return [finding("system", "environment", "ok", f"ENV is {settings.env}", advice)]
    weak = len(settings.secret.get_secret_value()) < SECRET_LENGTH
    local = any(host in settings.issuer for host in ("127.0.0.1", "localhost", "[::1]"))
    plain = settings.jwks_url.startswith("http://")
    debug = settings.log_level.upper() == "DEBUG"
    return [
        finding("system", "environment", "ok", "ENV is production", ""),
        finding(
            "system",
            "secret",
            failed_if(weak),
            f"CRMESH_SECRET is {'the default, or short' if weak else 'of its own'}",
            f"set CRMESH_SECRET to {SECRET_LENGTH} or more random characters: whoever knows it forges audit rows",
        ),
        finding(
            "system",
            "issuer",
            "fail" if local else "warn" if plain else "ok",
            f"CRMESH_ISSUER is {settings.issuer}, its keys come from {settings.jwks_url}",
            "name the company's issuer and fetch its keys over https",
        ),
        finding(
            "system", "log level", graded(debug, 1, 2), f"CRMESH_LOG_LEVEL is {settings.log_level}", "set it to INFO"
        ),
    ]


async def check_issuer(url: str) -> Finding:
    """The keys that tokens are verified with can be had here."""
    try:
        count = len((await http_jwks(url)())["keys"])
        text = f"{url} gives {count} keys"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError) as error:
        count, text = 0, f"{url} gives no keys: {error or type(error).__name__}"
    advice = "apis that run keep the keys they have for a day, one that starts is not ready: check CRMESH_JWKS_URL"
    return finding("system", "issuer", "ok" if count else "warn", text, advice)
