"""Correlations of scenarios: checked, never repaired, and factored so that every machine has the same signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, sqrt
from typing import NamedTuple
from uuid import UUID

from kit.errors import FieldError, Invalid

LEAST_EIGENVALUE = -1e-10
ZERO = 1e-12
"""A pivot below this is none."""


class Correlation(NamedTuple):
    """The correlation of the normals of two scenarios."""

    a: UUID
    b: UUID
    r: float


class CorrelationNotPositiveDefinite(Invalid):
    code, title = "correlation-not-positive-definite", "These correlations cannot hold together"


class CorrelationInvalid(Invalid):
    code, title = "correlation-invalid", "A correlation lies from -1 to 1 between two different scenarios"


def matrix_of(correlations: Sequence[Correlation]) -> tuple[list[UUID], list[list[float]]]:
    """The scenarios that are correlated, by id, and their matrix; raises CorrelationInvalid for a pair named twice."""
    ids = sorted({one for each in correlations for one in (each.a, each.b)})
    place = {each: number for number, each in enumerate(ids)}
    rows = [[float(row == column) for column in range(len(ids))] for row in range(len(ids))]
    named: set[frozenset[UUID]] = set()
    for number, (a, b, r) in enumerate(correlations):
        pair = frozenset((a, b))
        if len(pair) < 2 or pair in named or not isfinite(r) or abs(r) > 1:
            error = FieldError(f"/correlations/{number}", CorrelationInvalid.code, CorrelationInvalid.title)
            raise CorrelationInvalid(errors=[error])
        named.add(pair)
        rows[place[a]][place[b]] = rows[place[b]][place[a]] = r
    return ids, rows


def checked_matrix(correlations: Sequence[Correlation]) -> tuple[list[UUID], list[list[float]]]:
    """The scenarios that are correlated, by id, and their matrix.

    Raises CorrelationInvalid, CorrelationNotPositiveDefinite with the least eigenvalue.
    """
    import numpy as np

    ids, rows = matrix_of(correlations)
    if not ids:
        return ids, rows
    least = float(np.linalg.eigvalsh(np.array(rows)).min())
    if least < LEAST_EIGENVALUE:
        error = FieldError("/correlations", CorrelationNotPositiveDefinite.code, f"least eigenvalue {least:.6f}")
        raise CorrelationNotPositiveDefinite(errors=[error], extra={"least_eigenvalue": round(least, 10)})
    return ids, rows


def factors_of(correlations: Sequence[Correlation]) -> dict[UUID, Mapping[UUID, float]]:
    """Rows of the Cholesky factor, without zeros, by scenario; raises what `checked_matrix` raises."""
    ids, rows = checked_matrix(correlations)
    lower = cholesky(rows)
    return {
        each: {ids[column]: value for column, value in enumerate(row) if value} or {each: 1.0}
        for each, row in zip(ids, lower, strict=True)
    }


def cholesky(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """The lower factor; a pivot of zero gives a column of zeros."""
    size = len(rows)
    lower = [[0.0] * size for _ in range(size)]
    for column in range(size):
        pivot = rows[column][column] - sum(value * value for value in lower[column][:column])
        if pivot <= ZERO:
            continue
        lower[column][column] = sqrt(pivot)
        for row in range(column + 1, size):
            products = (lower[row][k] * lower[column][k] for k in range(column))
            lower[row][column] = (rows[row][column] - sum(products)) / lower[column][column]
    return lower
