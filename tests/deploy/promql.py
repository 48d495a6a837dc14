"""As much of Prometheus as the rules need: series in the notation of promtool, instant queries, alerts.

Recorded names are worked out where they are used. The semantics are those of Prometheus 2 (lookback of 5 minutes,
extrapolated rates); `promtool test rules` gives the same answers to the same file.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import promql_parser as promql

LOOKBACK = 300.0
Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def seconds(text: str) -> float:
    """`70m` in seconds."""
    found: timedelta = promql.parse_duration(text)
    return found.total_seconds()


def expand(values: str) -> list[float]:
    """`0+3x2 7` as 0, 3, 6, 7."""
    found: list[float] = []
    for word in values.split():
        match = re.fullmatch(r"(-?[\d.]+)(?:([+-][\d.]+))?(?:x(\d+))?", word)
        assert match, word
        start, step, times = float(match[1]), float(match[2] or 0), int(match[3] or 0)
        found += [start + step * number for number in range(times + 1)]
    return found


@dataclass
class World:
    """Series by name, and the expressions of recorded names."""

    records: dict[str, str]
    series: dict[str, list[tuple[dict[str, str], list[tuple[float, float]]]]] = field(default_factory=dict)

    def add(self, selector: str, values: str, interval: float) -> None:
        """One input series of a case."""
        parsed: Any = promql.parse(selector)
        labels = {matcher.name: matcher.value for matcher in parsed.matchers.matchers}
        points = [(number * interval, value) for number, value in enumerate(expand(values))]
        self.series.setdefault(parsed.name, []).append((labels, points))

    def query(self, expr: str, at: float) -> Vector:
        """Result of an instant query; a scalar is the value of no labels."""
        found = self._value(promql.parse(expr), at)
        return found if isinstance(found, dict) else {frozenset(): found}

    def _value(self, node: Any, at: float) -> Vector | float:
        found: Vector | float = getattr(self, f"_{type(node).__name__}")(node, at)
        return found

    def _NumberLiteral(self, node: Any, _at: float) -> float:
        return float(node.val)

    def _ParenExpr(self, node: Any, at: float) -> Vector | float:
        return self._value(node.expr, at)

    def _matching(self, selector: Any) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
        assert selector.offset is None
        assert selector.at is None
        found = self.series.get(selector.name, [])
        for matcher in selector.matchers.matchers:
            kind = str(matcher.op).rpartition(".")[2]
            assert kind in ("Equal", "Re"), kind
            pattern = re.escape(matcher.value) if kind == "Equal" else matcher.value
            found = [one for one in found if re.fullmatch(pattern, one[0].get(matcher.name, ""))]
        return found

    def _VectorSelector(self, node: Any, at: float) -> Vector:
        if node.name in self.records:
            assert not node.matchers.matchers
            return self.query(self.records[node.name], at)
        result: Vector = {}
        for labels, points in self._matching(node):
            seen = [value for time, value in points if at - LOOKBACK <= time <= at]
            if seen:
                result[frozenset(labels.items())] = seen[-1]
        return result

    def _AggregateExpr(self, node: Any, at: float) -> Vector:
        kept = set(node.modifier.labels) if node.modifier else set()
        groups: dict[Labels, list[float]] = {}
        inner = self._value(node.expr, at)
        assert isinstance(inner, dict)
        for labels, value in inner.items():
            groups.setdefault(frozenset(pair for pair in labels if pair[0] in kept), []).append(value)
        folds: dict[str, Callable[[list[float]], float]] = {"sum": sum, "max": max}
        fold = folds[str(node.op)]
        return {labels: fold(values) for labels, values in groups.items()}

    def _Call(self, node: Any, at: float) -> Vector | float:
        name = node.func.name
        if name == "time":
            return at
        if name == "absent":
            named = {(m.name, m.value) for m in node.args[0].matchers.matchers}
            return {} if self._value(node.args[0], at) else {frozenset(named): 1.0}
        assert name in ("rate", "increase"), name
        matrix = node.args[0]
        width = matrix.range.total_seconds()
        result: Vector = {}
        for labels, points in self._matching(matrix.vector_selector):
            grown = increase([point for point in points if at - width <= point[0] <= at], at - width, at)
            if grown is not None:
                result[frozenset(labels.items())] = grown / width if name == "rate" else grown
        return result

    def _BinaryExpr(self, node: Any, at: float) -> Vector | float:
        left, right, op = self._value(node.lhs, at), self._value(node.rhs, at), str(node.op)
        if op == "and":
            assert isinstance(left, dict)
            assert isinstance(right, dict)
            return {labels: value for labels, value in left.items() if labels in right}
        if op == "or":
            assert isinstance(left, dict)
            assert isinstance(right, dict)
            return {**right, **left}
        pairs = _paired(left, right)
        if op in COMPARE:
            return {labels: a for labels, (a, b) in pairs.items() if COMPARE[op](a, b)}
        result = {labels: ARITHMETIC[op](a, b) for labels, (a, b) in pairs.items() if b or op != "/"}
        return result if isinstance(left, dict) or isinstance(right, dict) else result[frozenset()]


def _paired(left: Vector | float, right: Vector | float) -> dict[Labels, tuple[float, float]]:
    """Values of equal labels; a scalar goes with every one."""
    if isinstance(left, dict) and isinstance(right, dict):
        return {labels: (value, right[labels]) for labels, value in left.items() if labels in right}
    if isinstance(left, dict):
        assert not isinstance(right, dict)
        return {labels: (value, right) for labels, value in left.items()}
    if isinstance(right, dict):
        return {labels: (left, value) for labels, value in right.items()}
    return {frozenset(): (left, right)}


def increase(points: list[tuple[float, float]], start: float, end: float) -> float | None:
    """Growth of a counter over a range, extrapolated to its ends as Prometheus does."""
    if len(points) < 2:
        return None
    grown, before = 0.0, points[0][1]
    for _, value in points[1:]:
        grown += value - before if value >= before else value
        before = value
    covered = points[-1][0] - points[0][0]
    step = covered / (len(points) - 1)
    to_start, to_end = points[0][0] - start, end - points[-1][0]
    if grown > 0 and points[0][1] >= 0:
        to_start = min(to_start, covered * points[0][1] / grown)
    for gap in (to_start, to_end):
        covered += gap if gap < step * 1.1 else step / 2
    return grown * covered / (points[-1][0] - points[0][0])
