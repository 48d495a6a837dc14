"""What a service refuses to start with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from kit.calendar import UnknownCountry
from kit.settings import DEVELOPMENT_SECRET, SECRET_LENGTH, ServiceSettings, UnsafeSettings

GUESSED = ["", DEVELOPMENT_SECRET, "x" * (SECRET_LENGTH - 1)]


@pytest.mark.parametrize("secret", GUESSED)
def test_a_secret_that_may_be_guessed_is_for_development(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ServiceSettings(secret=SecretStr(secret))
    for environment in ("development", "test"):
        monkeypatch.setenv("ENV", environment)
        ServiceSettings(secret=SecretStr(secret)).require_safe()
    monkeypatch.delenv("ENV")
    with pytest.raises(UnsafeSettings, match="CRMESH_SECRET"):
        ServiceSettings(secret=SecretStr(secret)).require_safe()
    assert settings.secret.get_secret_value() == secret


def test_a_long_secret_is_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "production")
    ServiceSettings(secret=SecretStr("x" * SECRET_LENGTH)).require_safe()


def test_a_calendar_that_there_is_not_is_refused() -> None:
    with pytest.raises(UnknownCountry, match="CRMESH_CALENDAR_COUNTRY"):
        ServiceSettings(secret=SecretStr("x" * SECRET_LENGTH), calendar_country="Utopia").require_safe()


@pytest.mark.parametrize("process", ["app", "worker"])
def test_neither_process_of_a_service_starts_with_it(process: str, tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "CRMESH_SECRET": DEVELOPMENT_SECRET,
        "CRMESH_PORT": "1",
        "HOME": str(tmp_path),
    }
    answer = subprocess.run(
        [sys.executable, "-m", f"services.risk.{process}"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode != 0
    assert "set CRMESH_SECRET" in answer.stderr + answer.stdout


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"kafka_user": "u"}, "CRMESH_KAFKA_PASSWORD"),
        ({"kafka_user": "u", "kafka_password": SecretStr("p")}, "CRMESH_KAFKA_TLS=true"),
        ({"kafka_ca": "ca.crt"}, "CRMESH_KAFKA_TLS=true"),
        ({"kafka_tls": True, "kafka_cert": "own.crt"}, "CRMESH_KAFKA_CERT"),
        ({"postgres_sslmode": "verify-full", "postgres_key": "own.key"}, "CRMESH_POSTGRES_CERT"),
        ({"postgres_ca": "ca.crt"}, "CRMESH_POSTGRES_SSLMODE=verify-full"),
    ],
)
def test_what_would_protect_nothing_is_refused(given: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsafeSettings, match=named):
        ServiceSettings(**given)


def test_a_file_that_there_is_not_is_named() -> None:
    settings = ServiceSettings(secret=SecretStr("x" * SECRET_LENGTH), kafka_tls=True, kafka_ca="/nowhere/ca.crt")
    with pytest.raises(UnsafeSettings, match="CRMESH_KAFKA_CA names /nowhere"):
        settings.require_safe()


def test_the_address_of_a_database_says_how_tls_is_used() -> None:
    plain = ServiceSettings(postgres="postgresql://u@/?host=/folder")
    assert plain.server_dsn("own") == "postgresql://u@/own?host=/folder"
    secure = ServiceSettings(
        postgres="postgresql://u@host/?sslmode=disable", postgres_sslmode="verify-full", postgres_ca="/etc/our ca.crt"
    )
    address = secure.server_dsn("own")
    assert address == "postgresql://u@host/own?sslmode=disable&sslmode=verify-full&sslrootcert=%2Fetc%2Four+ca.crt"
