"""What a service refuses to start with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
