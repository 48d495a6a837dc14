"""Every connection to PostgreSQL and Kafka is made as the settings say: none goes round TLS or the login."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

POSTGRES = {"connect", "create_pool"}
KAFKA = {"AIOKafkaProducer", "AIOKafkaConsumer", "AIOKafkaAdminClient", "create_conn"}
APART = {ROOT / "kit" / "native", ROOT / "kit" / "testing", ROOT / "standalone" / "backup.py"}
"""Servers of a developer, started by us, and their tests."""
GIVEN = {
    "settings.connect",
    "self.settings.connect",
    "database.connect",
    "connect",
    "self.connect_args",
    "self._access.options",
    "options",
}
"""What is spread into a call: made by `ServiceSettings.database_connect` and `KafkaAccess.options`."""


def sources() -> Iterator[Path]:
    for part in ("kit", "services", "cli", "standalone", "gateway"):
        yield from (path for path in (ROOT / part).rglob("*.py") if not APART & {path, *path.parents})


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in KAFKA or (name.startswith("asyncpg.") and name.removeprefix("asyncpg.") in POSTGRES):
                yield node


def spread(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg is None:
            value = keyword.value
            if isinstance(value, ast.Dict):  # {**connect, "database": ...}
                yield from (
                    ast.unparse(each) for key, each in zip(value.keys, value.values, strict=True) if key is None
                )
            else:
                yield ast.unparse(value.func if isinstance(value, ast.Call) else value)


PLACES = [(path, call) for path in sources() for call in calls(path)]


@pytest.mark.parametrize(
    ("path", "call"), PLACES, ids=[f"{path.relative_to(ROOT)}:{call.lineno}" for path, call in PLACES]
)
def test_a_connection_is_made_as_the_settings_say(path: Path, call: ast.Call) -> None:
    assert GIVEN.intersection(spread(call)), f"{path}:{call.lineno}"


def test_the_places_are_found() -> None:
    assert len(PLACES) >= 12
