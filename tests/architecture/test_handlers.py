"""A projection is a pure function of the log: no outbox, no clock, no random id, no defaults in its tables."""

from __future__ import annotations

import functools
import importlib
import re
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from kit import clock
from kit.events.handlers import Projection, Subscriptions
from kit.ids import new_id
from tests.architecture.source import SERVICES

IMPURE_MODULES = {"kit.events.outbox", "random", "secrets", "time"}
IMPURE_FUNCTIONS = {
    ("kit.clock", "now"),
    ("kit.ids", "new_id"),
    ("uuid", "uuid1"),
    ("uuid", "uuid4"),
    ("uuid", "uuid7"),
}
IMPURE_SQL = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|random|gen_random_uuid|uuidv7|uuidv4|nextval)"
    r"\s*\(|\b(?:CURRENT_TIMESTAMP|CURRENT_DATE|LOCALTIMESTAMP)\b",
    re.IGNORECASE,
)


def subscriptions_of(service: str) -> Subscriptions:
    found: Subscriptions = importlib.import_module(f"services.{service}.subscriptions").subscriptions
    return found


def codes_of(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object and those nested in it (comprehensions, inner functions)."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)


def used_by(function: types.FunctionType) -> Iterator[Any]:
    """Objects a function names: globals, attributes of modules, constants, what its closure holds."""
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    for code in codes_of(function.__code__):
        yield from code.co_consts
        for name in code.co_names:
            value = function.__globals__.get(name)
            yield value
            if isinstance(value, types.ModuleType):
                yield from (getattr(value, attribute, None) for attribute in code.co_names if attribute != name)


def impurities(handler: Callable[..., Any]) -> Iterator[str]:
    """What of the outer world a handler, or what it calls in its service and in kit.db, touches."""
    todo: list[Any] = [handler]
    seen: set[int] = set()
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, str) and IMPURE_SQL.search(value):
            yield f"SQL {value.strip()[:60]!r}"
        elif isinstance(value, functools.partial):
            todo += [value.func, *value.args, *value.keywords.values()]
        elif isinstance(value, functools._lru_cache_wrapper):
            todo.append(value.__wrapped__)
        elif isinstance(value, types.MethodType):
            todo.append(value.__func__)
        elif isinstance(value, type) and issubclass(value, BaseSettings):
            yield f"settings ({value.__module__})"
        elif isinstance(value, types.ModuleType) and value.__name__ in IMPURE_MODULES:
            yield value.__name__
        elif isinstance(value, types.FunctionType):
            if value.__module__ in IMPURE_MODULES or (value.__module__, value.__name__) in IMPURE_FUNCTIONS:
                yield f"{value.__module__}.{value.__name__}"
            elif value.__module__.startswith(
                ("services.", "kit.security.principals", "kit.db.redirects", "kit.db.rows")
            ):
                todo += used_by(value)


PROJECTIONS = [
    pytest.param(service, projection, id=f"{service}-{name}")
    for service in SERVICES
    for name, projection in subscriptions_of(service).projections.items()
]


@pytest.mark.parametrize(("service", "projection"), PROJECTIONS)
def test_folds_are_pure(service: str, projection: Projection) -> None:
    wrong = {
        event_type: found
        for event_type, handler in projection.folds.items()
        if (found := sorted(set(impurities(handler))))
    }
    assert not wrong, f"{service}: {projection.name}"


@pytest.mark.parametrize(("service", "projection"), PROJECTIONS)
def test_tables_hold_only_what_events_say(service: str, projection: Projection) -> None:
    tables = importlib.import_module(f"services.{service}.tables").METADATA.tables
    wrong = []
    for name in projection.tables:
        for column in tables[name].columns:
            default = getattr(column.server_default, "arg", None)
            if column.identity is not None or column.computed is not None:
                wrong.append(f"{name}.{column.name} is generated")
            elif default is not None and IMPURE_SQL.search(str(default)):
                wrong.append(f"{name}.{column.name} defaults to {default}")
            elif column.default is not None and column.default.is_callable:
                wrong.append(f"{name}.{column.name} has a default function")
    assert not wrong


@pytest.mark.parametrize(("service", "projection"), PROJECTIONS)
def test_a_ledger_folds_own_facts_and_a_projection_those_of_the_log(service: str, projection: Projection) -> None:
    live = {
        event_type: {step.projection for step in steps}
        for event_type, steps in subscriptions_of(service).handlers.items()
    }
    if projection.is_ledger:
        assert all(event_type.startswith(f"{service}.") for event_type in projection.folds)
        assert not any(projection.name in found for found in live.values())
    else:
        assert all(projection.name in live[event_type] for event_type in projection.folds)


@pytest.mark.parametrize("service", SERVICES)
def test_no_table_belongs_to_two_projections(service: str) -> None:
    tables = [table for p in subscriptions_of(service).projections.values() for table in p.tables]
    assert len(tables) == len(set(tables))


def _deep() -> object:
    return clock.now(), new_id()


def _handler() -> object:
    return [_deep() for _ in range(2)]


def test_the_search_finds_a_clock_behind_two_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    for function in (_deep, _handler):
        monkeypatch.setattr(function, "__module__", "services.example")
    assert set(impurities(functools.partial(_handler))) == {"kit.clock.now", "kit.ids.new_id"}
