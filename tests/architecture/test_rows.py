"""Names that commands change are fields of the row: mypy does not look into the literals that carry them."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from kit.db.columns import OwnedRow
from kit.db.lists import ListSpec
from kit.records import Resource
from tests.architecture.source import SERVICES, functions_of, module_of, name_of, python_files

Function = ast.FunctionDef | ast.AsyncFunctionDef


def called(call: ast.Call) -> str:
    """Name of the function or method that is called."""
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def row_of(call: ast.Call, kinds: dict[str, type[BaseModel]], names: dict[str, Any]) -> tuple[Any, ast.expr] | None:
    """The row type that a call changes (None: it cannot be told), and the changes; None when it changes no row."""
    if called(call) == "change" and len(call.args) >= 4:
        resource = names.get(ast.unparse(call.args[1]))
        known = resource.row if isinstance(resource, Resource) else kinds.get(ast.unparse(call.args[2]))
        return known, call.args[3]
    if called(call) == "changed_row" and len(call.args) == 2:
        return kinds.get(ast.unparse(call.args[0])), call.args[1]
    if called(call) == "model_copy" and isinstance(call.func, ast.Attribute) and call.keywords:
        return kinds.get(ast.unparse(call.func.value)), call.keywords[0].value
    return None


def kinds_in(function: Function, names: dict[str, Any]) -> dict[str, type[BaseModel]]:
    """Row types of the names in a function: arguments, names with an annotation, answers of functions that say so."""
    words: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.arg) and node.annotation:
            words[node.arg] = ast.unparse(node.annotation)
        elif isinstance(node, ast.AnnAssign):
            words[ast.unparse(node.target)] = ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign) and (word := made_by(node.value, names)):
            words.update((ast.unparse(target), word) for target in node.targets)
    kinds = {name: names.get(word.removesuffix(" | None")) for name, word in words.items()}
    return {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, BaseModel)}


def made_by(value: ast.expr, names: dict[str, Any]) -> str:
    """The word for what a function of the module, or `require`, answers."""
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call):
        return ""
    if called(call) == "require" and len(call.args) > 1:
        resource = names.get(ast.unparse(call.args[1]))
        return resource.row.__name__ if isinstance(resource, Resource) else ""
    return str(getattr(names.get(ast.unparse(call.func)), "__annotations__", {}).get("return", ""))


def literals_in(function: Function, changes: ast.expr) -> Iterator[ast.Dict]:
    """The literal itself, or those that the function gives to the name that is passed."""
    if isinstance(changes, ast.Dict):
        yield changes
    elif isinstance(changes, ast.Name):
        for node in ast.walk(function):
            named = {ast.unparse(target) for target in node.targets} if isinstance(node, ast.Assign) else set()
            if changes.id in named and isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                yield node.value


def wrong_names(path: Path, names: dict[str, Any]) -> Iterator[str]:
    """What a file changes that is no field of its row."""
    for function in functions_of(path):
        kinds = kinds_in(function, names)
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if (found := row_of(call, kinds, names)) is None:
                continue
            row, changes = found
            for literal in literals_in(function, changes):
                keys = {key.value for key in literal.keys if isinstance(key, ast.Constant)}
                place = f"{name_of(path)}:{call.lineno}"
                if row is None:
                    yield f"{place} changes a row whose type nothing says: annotate its name"
                elif unknown := keys - row.model_fields.keys():
                    yield f"{place} {row.__name__} has no {', '.join(sorted(unknown))}"


@pytest.mark.parametrize("service", SERVICES)
def test_changes_name_fields_of_the_row(service: str) -> None:
    files = [path for path in python_files(f"services/{service}") if "migrations" not in path.parts]
    wrong = [line for path in files for line in wrong_names(path, vars(importlib.import_module(module_of(path))))]
    assert not wrong


class Sample(OwnedRow):
    """A row."""

    __tablename__ = "sample"

    size: int


SOURCE = """
async def known(work, row: Sample):
    changes = {"size": 1}
    row.model_copy(update=changes)
    await change(work, SAMPLES, row, {"size": 2})

async def unknown(work, row: Sample | None, other):
    changed_row(row, {"size": 1, "colour": 2})
    await change(work, SAMPLES, row, {"weight": 2})
    other.model_copy(update={"size": 3})
"""


def test_the_search_sees_names_that_are_no_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sample.py"
    path.write_text(SOURCE)
    monkeypatch.setitem(globals(), "name_of", lambda path: path.name)
    names = {"Sample": Sample, "SAMPLES": Resource("sample", Sample, lambda _one: None, audited=())}
    found = sorted(wrong_names(path, names), key=len)
    assert found == [
        "sample.py:8 Sample has no colour",
        "sample.py:9 Sample has no weight",
        "sample.py:10 changes a row whose type nothing says: annotate its name",
    ]


LISTS = [path for service in SERVICES for path in python_files(f"services/{service}") if path.name == "lists.py"]


@pytest.mark.parametrize("path", LISTS, ids=module_of)
def test_numbers_of_ours_are_found_in_any_case(path: Path) -> None:
    for name, value in vars(importlib.import_module(module_of(path))).items():
        if isinstance(value, ListSpec) and (field := value.fields.get("number")) and field.kind == "text":
            assert field.key is not None, f"{name}: `number` is compared as it is spelt (TextKeys.numbers)"
