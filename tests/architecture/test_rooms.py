"""Every service has the same rooms, every slice the same file names, and imports point one way."""

from __future__ import annotations

import importlib

import pytest

from tests.architecture.source import ROOT, SERVICES, imports_of, module_of, name_of, python_files, slices_of

ROOMS = {
    "README.md",
    "__init__.py",
    "access.py",
    "api.py",
    "app.py",
    "db.py",
    "events_in",
    "events_out",
    "migrations",
    "roles.py",
    "settings.py",
    "subscriptions.py",
    "tables.py",
    "verify.py",
    "worker.py",
}
SOME = {"keys.py"}
"""Of a service that keeps personal values."""
HEADINGS = ["Owns", "Publishes", "Hears", "Tables", "Settings"]
RANKS = {
    "router": 3,
    "handlers": 3,
    "service": 2,
    "batches": 2,
    "drivers": 2,
    "dues": 2,
    "fulfilment": 2,
    "judging": 2,
    "measuring": 2,
    "opening": 2,
    "gathering": 2,
    "splits": 2,
    "posting": 2,
    "launches": 2,
    "claims": 2,
    "redemptions": 2,
    "catch_up": 2,
    "floors": 2,
    "decisions": 2,
    "raises": 2,
    "books": 2,
    "breaches": 2,
    "groups": 2,
    "accruals": 2,
    "releases": 2,
    "drafting": 2,
    "verification": 2,
    "moves": 2,
    "jobs": 2,
    "simulations": 2,
    "ledger": 2,
    "refunds": 2,
    "standings": 2,
    "allocations": 2,
    "voids": 2,
    "publication": 2,
    "evaluations": 2,
    "metrics": 2,
    "values": 2,
    "merging": 2,
    "filing": 2,
    "cascading": 2,
    "editing": 2,
    "promoting": 2,
    "bases": 2,
    "rebasing": 2,
    "transferring": 2,
    "reorganising": 2,
    "capacities": 2,
    "reconciling": 2,
    "recomputing": 2,
    "retiring": 2,
    "children": 2,
    "seeds": 2,
    "planning": 2,
    "potentials": 2,
    "subjects": 2,
    "loading": 2,
    "reverting": 2,
    "repository": 1,
    "changes": 1,
    "private": 1,
    "facts": 1,
    "forking": 1,
    "naming": 2,
    "references": 0,
    "engine": 0,
    "estimates": 0,
    "distributions": 0,
    "fitting": 0,
    "laws": 0,
    "computation": 0,
    "effects": 0,
    "copula": 0,
    "schemas": 0,
    "access": 0,
    "models": 0,
    "lists": 0,
    "rules": 0,
    "sealing": 0,
    "balancing": 0,
    "filling": 0,
    "flows": 0,
    "findings": 0,
    "solving": 0,
    "rounding": 0,
    "settling": 0,
    "workforce": 0,
    "spreading": 0,
    "pricing": 0,
    "prices": 0,
    "terms": 0,
    "thresholds": 0,
    "rewards": 0,
    "carts": 0,
    "eligibility": 0,
    "compiled": 0,
    "line_phase": 0,
    "set_phase": 0,
    "order_phase": 0,
    "points_phase": 0,
    "evaluation": 0,
    "results": 0,
    "first_rule": 0,
    "bodies": 0,
    "periods": 0,
    "backtests": 0,
    "regions": 0,
    "methods": 0,
    "measures": 0,
    "checks": 0,
    "records": 0,
    "cells": 0,
    "columns": 0,
    "workbooks": 0,
    "enums": 0,
}
"""Files of a slice and how high they stand: doors, use cases, SQL, and what knows nobody; pure rules that would make
`rules.py` too long have names of their own."""


@pytest.mark.parametrize("service", SERVICES)
def test_same_rooms_in_every_service(service: str) -> None:
    folder = ROOT / "services" / service
    found = {path.name for path in folder.iterdir() if path.name != "__pycache__"}
    slices = set(slices_of(service))
    assert slices, "a service without slices does nothing"
    assert ROOMS <= found - slices <= ROOMS | SOME
    keeps_keys = "data_key" in importlib.import_module(f"services.{service}.tables").METADATA.tables
    assert ("keys.py" in found) == keeps_keys


@pytest.mark.parametrize("service", SERVICES)
def test_readme_has_the_five_headings(service: str) -> None:
    lines = (ROOT / "services" / service / "README.md").read_text().splitlines()
    assert [line.removeprefix("## ").strip() for line in lines if line.startswith("## ")] == HEADINGS


def test_services_are_a_namespace_without_init() -> None:
    assert not (ROOT / "services" / "__init__.py").exists()


@pytest.mark.parametrize("service", SERVICES)
def test_a_slice_has_a_door_or_is_used_by_another(service: str) -> None:
    used = {m for path in python_files(f"services/{service}") for m in imports_of(path)}
    for name in slices_of(service):
        files = {path.stem for path in (ROOT / "services" / service / name).glob("*.py")}
        prefix = f"services.{service}.{name}."
        assert files & {"router", "handlers"} or any(module.startswith(prefix) for module in used), name


@pytest.mark.parametrize("service", SERVICES)
def test_every_file_of_a_slice_has_a_rank(service: str) -> None:
    files = python_files(*(f"services/{service}/{name}" for name in slices_of(service)))
    unknown = {name_of(path) for path in files if path.stem not in {*RANKS, "__init__"}}
    assert not unknown, "a file without a rank is guarded by nobody"


@pytest.mark.parametrize("service", SERVICES)
def test_a_slice_reaches_another_through_its_service(service: str) -> None:
    wrong = []
    for path in python_files(*(f"services/{service}/{name}" for name in slices_of(service))):
        for module in imports_of(path):
            parts = module.split(".")
            is_repository = parts[:2] == ["services", service] and parts[-1] == "repository"
            if is_repository and (parts[2] != path.parent.name or path.stem == "router"):
                wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong, "SQL of a slice is its own affair, and no router's"


@pytest.mark.parametrize("service", SERVICES)
def test_layers_of_a_slice_point_down(service: str) -> None:
    wrong = []
    for path in python_files(*(f"services/{service}/{name}" for name in slices_of(service))):
        rank = RANKS.get(path.stem)
        for module in imports_of(path):
            parts = module.split(".")
            other = RANKS.get(parts[-1])
            if parts[0] != "services" or len(parts) < 4 or rank is None or other is None:
                continue
            if other > rank or (other == rank == 3 and parts[-1] != path.stem):
                wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong


@pytest.mark.parametrize("service", SERVICES)
def test_features_form_no_cycle(service: str) -> None:
    names = set(slices_of(service))
    edges: dict[str, set[str]] = {name: set() for name in names}
    for name in names:
        for path in python_files(f"services/{service}/{name}"):
            for module in imports_of(path):
                parts = module.split(".")
                if parts[:2] == ["services", service] and len(parts) > 2 and parts[2] in names - {name}:
                    edges[name].add(parts[2])
    while free := {name for name, targets in edges.items() if not targets & edges.keys()}:
        edges = {name: targets for name, targets in edges.items() if name not in free}
    assert not edges, f"features in or above a cycle: {edges}"


def test_who_may_import_whom() -> None:
    wrong = []
    for path in python_files("kit", "gateway", "services"):
        own = ".".join(module_of(path).split(".")[:2])
        for module in imports_of(path):
            parts = module.split(".")
            is_other_service = parts[0] == "services" and (
                not own.startswith("services.") or ".".join(parts[:2]) != own
            )
            is_above = parts[0] in {"standalone", "cli"} or (parts[0] == "gateway" and own.split(".")[0] != "gateway")
            if is_other_service or is_above:
                wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong


def test_only_the_registry_names_services_to_import() -> None:
    wrong = [
        f"{name_of(path)} imports {module}"
        for path in python_files("cli", "standalone")
        for module in imports_of(path)
        if module.startswith("services.")
    ]
    assert not wrong, "standalone and cli reach the services through standalone/registry.py"
