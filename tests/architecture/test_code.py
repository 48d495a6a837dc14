"""Where commits, SQL and clocks may be, what rules may import, and how long things may get."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import (
    PACKAGES,
    docstrings_of,
    functions_of,
    imports_of,
    name_of,
    path_of,
    python_files,
    tree_of,
)

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s|DELETE\s+FROM\s|WITH\s+(RECURSIVE\s+)?\w+.*\sAS\s|MERGE\s+INTO\s"
    r"|LOCK\s+TABLE\s|TRUNCATE\s|CREATE\s|ALTER\s|DROP\s|SET\s+LOCAL\s)"
)
HEAVY = {
    "holidays",
    "matplotlib",
    "numpy",
    "opencc",
    "pandas",
    "pypinyin",
    "scipy",
    "sklearn",
    "statsmodels",
    "xlsxwriter",
}
PURE_KIT = {
    "kit.calendar",
    "kit.errors",
    "kit.ids",
    "kit.money",
    "kit.domains",
    "kit.names",
    "kit.regions",
    "kit.tax_ids",
    "kit.text",
    "kit.transitions",
}
PURE_LIBRARIES = {"rapidfuzz", "stdnum"}
"""Distances, check digits and the like: functions of their arguments."""
IMPURE_STDLIB = {
    "asyncio",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}


def test_nobody_commits_outside_kit() -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files(*(set(PACKAGES) - {"kit"}))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]
    assert not wrong, "transactions end where they begin: in kit"


def test_sql_is_in_repositories() -> None:
    wrong = []
    for path in python_files("services"):
        if path.name.endswith("repository.py") or path.name == "audit.py" or "migrations" in path.parts:
            continue
        documentation = docstrings_of(path)
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "select":
                wrong.append(f"{name_of(path)}:{node.lineno} select(")
            if not isinstance(node, ast.Constant) or node in documentation or not isinstance(node.value, str):
                continue
            if SQL.match(node.value):
                wrong.append(f"{name_of(path)}:{node.lineno} {node.value.strip()[:40]!r}")
    assert not wrong


def test_sql_pattern_sees_statements_and_not_prose() -> None:
    assert all(
        SQL.match(text) for text in ("SELECT 1", "\nWITH a AS (", "UPDATE t SET", "DELETE FROM x", "SET LOCAL x")
    )
    assert not any(SQL.match(text) for text in ("select a file", "Update the order", "WITHDRAWN", "SELECTED", "Set"))


def test_inserts_name_their_columns() -> None:
    """A column that a later release has added with a default would be set to NULL, or shift the others."""
    unnamed = re.compile(r"\bINSERT\s+INTO\s+\S+\s+(AS\s+\w+\s+)?(SELECT|VALUES|TABLE|DEFAULT)\b")
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files("kit", "services")
        if "migrations" not in path.parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and unnamed.search(node.value)
    ]
    assert not wrong


def test_only_the_clock_tells_the_time() -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files(*PACKAGES)
        if name_of(path) != "kit/clock.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in CLOCKS
    ]
    assert not wrong, "ask kit.clock"


def test_rules_and_what_they_import_know_no_framework() -> None:
    todo = [path for path in python_files("services") if path.name in {"rules.py", "enums.py"}]
    seen, wrong = set(todo), []
    while todo:
        path = todo.pop()
        for module in imports_of(path):
            top = module.partition(".")[0]
            if top == "services":
                other = path_of(module)
                if other is not None and other not in seen:
                    seen.add(other)
                    todo.append(other)
            elif top in IMPURE_STDLIB or not (module in PURE_KIT or top in PURE_LIBRARIES | sys.stdlib_module_names):
                wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong
    assert any(path.name == "rules.py" for path in seen)


def test_heavy_libraries_are_imported_on_use() -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in python_files(*PACKAGES)
        for node in tree_of(path).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.partition(".")[0] in HEAVY
    ]
    assert not wrong


def test_files_are_short() -> None:
    files = [path for path in python_files(*PACKAGES, "tests", "bench") if "versions" not in path.parts]
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in files}
    assert not {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES}


def test_functions_are_short() -> None:
    wrong = {}
    for path in python_files(*PACKAGES):
        if "migrations" in path.parts:
            continue
        for function in functions_of(path):
            first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
            lines = (function.end_lineno or 0) - first.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                wrong[f"{name_of(path)}:{function.name}"] = lines
    assert not wrong, "lines of the body"


def test_public_functions_say_what_they_do() -> None:
    wrong = [
        f"{name_of(path)}:{node.name}"
        for path in python_files("kit", "gateway", "services", "standalone")
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not wrong


def test_nothing_is_printed_and_nothing_left_to_do() -> None:
    marks = re.compile(r"\b(?:TODO|FIXME)\b|#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:)")
    own = name_of(Path(__file__).resolve())
    wrong = [
        f"{name_of(path)}:{number}"
        for path in python_files(*PACKAGES, "tests")
        if name_of(path) != own
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert not wrong


def undocumented(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public functions and methods without a docstring; those of a protocol are its lines."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_") and ast.get_docstring(node) is None:
                yield node
        elif isinstance(node, ast.ClassDef) and not any("Protocol" in ast.unparse(base) for base in node.bases):
            yield from undocumented(node.body)


def test_public_functions_have_docstrings() -> None:
    wrong = [
        f"{name_of(path)}:{function.lineno} {function.name}"
        for path in python_files(*PACKAGES)
        if "migrations" not in path.parts
        for function in undocumented(tree_of(path).body)
    ]
    assert not wrong


def test_a_function_without_docstring_is_seen() -> None:
    source = "def a(): ...\ndef _b(): ...\nclass C:\n    def d(self): ...\nclass P(Protocol):\n    def e(self): ...\n"
    assert [function.name for function in undocumented(ast.parse(source).body)] == ["a", "d"]
