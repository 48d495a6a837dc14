"""Every setting is written down where its reader looks."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from gateway.settings import GatewaySettings
from kit.settings import ServiceSettings
from tests.architecture.source import ROOT, SERVICES

FIXED = {"service"}
"""Fields that say what a process is; nobody sets them."""


def variable_of(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[-1])
    return str(alias) if alias else f"CRMESH_{name.upper()}"


def settings_of(service: str) -> type[BaseSettings]:
    found: type[BaseSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return found


def variables(model: type[BaseSettings]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if name not in FIXED:
            yield variable_of(name, field), field


def example() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text()
    return dict(re.findall(r"^#? ?([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))


@pytest.mark.parametrize("model", [ServiceSettings, GatewaySettings, *map(settings_of, SERVICES)])
def test_env_example_lists_every_setting(model: type[BaseSettings]) -> None:
    assert {variable for variable, _ in variables(model)} <= example().keys()


@pytest.mark.parametrize("model", [ServiceSettings, GatewaySettings, *map(settings_of, SERVICES)])
def test_env_example_shows_the_defaults(model: type[BaseSettings]) -> None:
    shown = example()
    for variable, field in variables(model):
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        assert default is None or shown[variable] == str(default), variable


@pytest.mark.parametrize("service", SERVICES)
def test_readme_of_a_service_names_its_settings(service: str) -> None:
    readme = (ROOT / "services" / service / "README.md").read_text().partition("## Settings")[2]
    own = settings_of(service).model_fields.keys() - ServiceSettings.model_fields.keys()
    missing = [f"CRMESH_{name.upper()}" for name in sorted(own) if f"CRMESH_{name.upper()}" not in readme]
    assert not missing
    assert ".env.example" in readme, "the common settings are listed there"
