"""The fit of a seed to two margins and its whole cells, against known figures and independent computations."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import ceil, floor, log
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.money import allocate
from services.targets.decompositions.filling import ConstraintKind
from services.targets.two_way.enums import Rounding
from services.targets.two_way.rules import CellLimits, Part, Place, Question, Solved, TableCell, TableInfeasible
from services.targets.two_way.solving import solve
from tests.targets.day_profiles.test_rules import PLAIN, YEAR, by_months, pizzaplace, profile_of

Matrix = Sequence[Sequence[int]]
Seeds = Sequence[Sequence[int | None]]
Limits = Mapping[tuple[int, int], CellLimits]

SEED = [[120, 80, 60, 140], [50, 90, 70, 30], [200, 150, 160, 210]]
ROWS, COLUMNS = [450, 230, 320], [280, 240, 200, 280]


def row(index: int) -> str:
    return f"r{index:04}"


def column(index: int) -> str:
    return f"c{index:04}"


def asked(seeds: Seeds, rows: Sequence[int], columns: Sequence[int], limits: Limits | None = None) -> Question:
    return Question(
        {row(i): amount for i, amount in enumerate(rows)},
        {column(j): amount for j, amount in enumerate(columns)},
        [Part(1, {Place(row(i), column(j)): seed for i, line in enumerate(seeds) for j, seed in enumerate(line)})],
        {Place(row(i), column(j)): one for (i, j), one in (limits or {}).items()},
    )


def amounts(solved: Solved) -> list[list[int]]:
    lines: dict[str, list[int]] = defaultdict(list)
    for cell in solved.cells:
        lines[cell.place.row].append(cell.amount)
    return [lines[key] for key in sorted(lines)]


def margins(matrix: Matrix) -> tuple[list[int], list[int]]:
    return [sum(line) for line in matrix], [sum(line) for line in zip(*matrix, strict=True)]


def test_the_worked_example() -> None:
    solved = solve(asked(SEED, ROWS, COLUMNS))
    fitted = [138.693, 88.537, 65.354, 157.417, 49.711, 85.682, 65.589, 29.017, 91.596, 65.781, 69.058, 93.566]
    assert [cell.fitted / 1000 for cell in solved.cells] == fitted
    assert amounts(solved) == [[139, 89, 65, 157], [50, 85, 66, 29], [91, 66, 69, 94]]
    assert margins(amounts(solved)) == (ROWS, COLUMNS)
    assert (solved.rounding, solved.error) == (Rounding.CONTROLLED, 0)
    by_cell = [[round(fitted[4 * i + j]) for j in range(4)] for i in range(3)]
    assert margins(by_cell)[0] == [450, 231, 321], "rounding each cell by itself misses the rows"


def test_without_seeds_a_cell_is_row_times_column_by_the_total() -> None:
    solved = solve(asked([[None] * 4] * 3, ROWS, COLUMNS))
    exact = [r * c for r in ROWS for c in COLUMNS]
    assert [cell.fitted for cell in solved.cells] == exact, "in thousandths, of a total of 1,000"
    assert [cell.seed for cell in solved.cells] == [round(value / 1000) for value in exact]


def test_a_seed_that_is_not_known_takes_part_at_the_scale_of_those_that_are() -> None:
    even = [[r * c for c in COLUMNS] for r in ROWS]
    some: list[list[int | None]] = [[value * 7 for value in line] for line in even]
    some[1][2] = None
    assert amounts(solve(asked(some, ROWS, COLUMNS))) == amounts(solve(asked(even, ROWS, COLUMNS)))


def random_table(rng: random.Random, *, empty: float, most: int) -> tuple[list[list[int]], list[int], list[int]]:
    """A seed with a share of empty cells, and margins that some table on the others has."""
    n, m = rng.randint(1, 7), rng.randint(1, 7)
    seed = [[0 if rng.random() < empty else rng.randint(1, 1000) for _ in range(m)] for _ in range(n)]
    table = [[rng.choice((0, rng.randint(0, most))) if value else 0 for value in line] for line in seed]
    return seed, *margins(table)


@pytest.mark.parametrize("empty", [0.0, 0.6], ids=["full", "sparse"])
def test_both_margins_of_a_thousand_tables_are_exact(empty: float) -> None:
    rng = random.Random(f"tables {empty}")
    controlled = 0
    for number in range(1_000):
        seed, rows, columns = random_table(rng, empty=empty, most=rng.choice((3, 1_000, 10**7, 10**10)))
        solved = solve(asked(seed, rows, columns))
        assert margins(amounts(solved)) == (rows, columns), number
        flat = [value for line in seed for value in line]
        assert all(cell.amount == 0 for cell, value in zip(solved.cells, flat, strict=True) if not value)
        assert all(cell.amount >= 0 for cell in solved.cells)
        if solved.rounding is Rounding.CONTROLLED:
            controlled += 1
            assert all(abs(1000 * cell.amount - cell.fitted) <= 1000 for cell in solved.cells), number
        else:
            assert solved.error >= 1_000_000, "a fit that is near its margins has a controlled rounding"
    assert controlled > (990 if not empty else 300)


def tables_near(exact: Sequence[Sequence[float]], rows: Sequence[int], columns: Sequence[int]) -> Iterator[Matrix]:
    """Every table of floors and ceilings with the margins."""
    choices = [sorted({floor(x + 1e-9), ceil(x - 1e-9)}) for line in exact for x in line]
    m = len(columns)
    for flat in product(*choices):
        made = [flat[i : i + m] for i in range(0, len(flat), m)]
        if margins(made) == (list(rows), list(columns)):
            yield made


def plain_fit(seed: Matrix, rows: Sequence[int], columns: Sequence[int]) -> list[list[float]]:
    """Proportional fitting by its definition."""
    x = [[float(value) for value in line] for line in seed]
    for _ in range(3_000):
        for i, line in enumerate(x):
            x[i] = [value * rows[i] / sum(line) for value in line]
        sums = [sum(line) for line in zip(*x, strict=True)]
        x = [[value * columns[j] / sums[j] for j, value in enumerate(line)] for line in x]
    return x


def squares(made: Matrix, exact: Sequence[Sequence[float]]) -> float:
    pairs = zip(made, exact, strict=True)
    return sum((n - x) ** 2 for line, fits in pairs for n, x in zip(line, fits, strict=True))


def test_no_other_table_of_floors_and_ceilings_is_nearer() -> None:
    rng = random.Random(3)
    for _ in range(60):
        n, m = rng.choice(((2, 2), (2, 3), (3, 3), (3, 4)))
        seed = [[rng.randint(1, 50) for _ in range(m)] for _ in range(n)]
        rows, columns = margins([[rng.randint(1, 40) for _ in range(m)] for _ in range(n)])
        exact = plain_fit(seed, rows, columns)
        best = min(squares(made, exact) for made in tables_near(exact, rows, columns))
        found = amounts(solve(asked(seed, rows, columns)))
        assert squares(found, exact) == pytest.approx(best, abs=1e-6)


def tables_within(
    low: Matrix, high: Matrix, rows: Sequence[int], columns: Sequence[int], done: Matrix = ()
) -> Iterator[Matrix]:
    """Every table within bounds that has the margins."""
    if len(done) == len(rows):
        if margins(done)[1] == list(columns):
            yield done
        return
    at = len(done)
    left = [columns[j] - sum(line[j] for line in done) for j in range(len(columns))]
    ranges = [range(low[at][j], min(high[at][j], left[j]) + 1) for j in range(len(columns))]
    for line in product(*ranges):
        if sum(line) == rows[at]:
            yield from tables_within(low, high, rows, columns, [*done, line])


def test_bounds_hold_and_what_cannot_be_is_refused() -> None:
    """Against all tables of a small question; a refusal names a cut whose numbers contradict each other."""
    rng = random.Random(5)
    refused = nearest = 0
    for number in range(250):
        n, m = rng.choice(((2, 2), (2, 3), (3, 3)))
        rows, columns = margins([[rng.randint(0, 4) for _ in range(m)] for _ in range(n)])
        seed = [[rng.choice((0, 1, 5, 20)) for _ in range(m)] for _ in range(n)]
        limits = {}
        for at in product(range(n), range(m)):
            if rng.random() < 0.4:
                one = rng.randint(0, 4)
                limits[at] = rng.choice(
                    (CellLimits(locked=one), CellLimits(floor=one), CellLimits(cap=one), CellLimits(None, one, one + 1))
                )
        low, high = ends(seed, limits, sum(rows))
        tables = list(tables_within(low, high, rows, columns))
        try:
            solved = solve(asked(seed, rows, columns, limits))
        except TableInfeasible as problem:
            refused += 1
            assert not tables, number
            assert_cut(problem, rows, columns, low, high)
            continue
        made = amounts(solved)
        assert [list(line) for line in made] in [[list(line) for line in one] for one in tables], number
        if solved.rounding is Rounding.NEAREST:
            nearest += 1
            fits = [cell.fitted / 1000 for cell in solved.cells]
            exact = [fits[i : i + m] for i in range(0, len(fits), m)]
            assert away(made, exact) <= min(away(one, exact) for one in tables) + 0.02, number
    assert refused > 40
    assert nearest > 0


def ends(seed: Matrix, limits: Limits, total: int) -> tuple[list[list[int]], list[list[int]]]:
    low = [[0 for _ in line] for line in seed]
    high = [[total if value else 0 for value in line] for line in seed]
    for (i, j), one in limits.items():
        if one.locked is not None:
            low[i][j] = high[i][j] = one.locked
            continue
        low[i][j] = one.floor or 0
        high[i][j] = min(high[i][j], total if one.cap is None else one.cap)
    return low, high


def away(made: Matrix, exact: Sequence[Sequence[float]]) -> float:
    return sum(abs(n - x) for line, fits in zip(made, exact, strict=True) for n, x in zip(line, fits, strict=True))


def assert_cut(
    problem: TableInfeasible, rows: Sequence[int], columns: Sequence[int], low: Matrix, high: Matrix
) -> None:
    """The named rows and columns, and the named constraints alone, leave no table: whatever the other cells are, one
    side needs more than the other has."""
    said = problem.extra
    named = {(one["row"], one["column"]) for one in said["constraints"]}
    if any(low[i][j] > high[i][j] for i, j in product(range(len(rows)), range(len(columns)))):
        assert named
        return
    inside_rows = [row(i) in said["rows"] for i in range(len(rows))]
    inside_columns = [column(j) in said["columns"] for j in range(len(columns))]
    short = []
    for flip in (False, True):
        r, c = [one != flip for one in inside_rows], [one != flip for one in inside_columns]
        need = sum(rows[i] for i in range(len(rows)) if r[i]) - sum(columns[j] for j in range(len(columns)) if c[j])
        for i, j in product(range(len(rows)), range(len(columns))):
            if r[i] and not c[j]:
                need -= high[i][j] if (row(i), column(j)) in named else sum(rows)
            elif c[j] and not r[i]:
                need += low[i][j] if (row(i), column(j)) in named else 0
        short.append(need)
    assert max(short) == said["missing"] > 0


def test_a_fit_between_bounds_is_the_nearest_by_relative_entropy() -> None:
    """Moving an amount around any rectangle of the fit, as far as the bounds let it, is never nearer to the seed."""
    rng = random.Random(8)
    for _ in range(60):
        n, m = 4, 5
        seed = [[rng.randint(1, 90) for _ in range(m)] for _ in range(n)]
        base = [[rng.randint(200, 900) for _ in range(m)] for _ in range(n)]
        rows, columns = margins(base)
        limits = {
            (i, j): rng.choice((CellLimits(floor=base[i][j]), CellLimits(cap=base[i][j])))
            for i, j in product(range(n), range(m))
            if rng.random() < 0.25
        }
        solved = solve(asked(seed, rows, columns, limits))
        assert margins(amounts(solved)) == (rows, columns)
        x = [[cell.fitted / 1000 for cell in solved.cells[i * m : i * m + m]] for i in range(n)]
        low, high = ends(seed, limits, sum(rows))
        for i, k, j, q in product(range(n), range(n), range(m), range(m)):
            if i == k or j == q or min(high[i][j] - x[i][j], high[k][q] - x[k][q]) < 1:
                continue
            if min(x[i][q] - low[i][q], x[k][j] - low[k][j]) < 1:
                continue
            slope = sum(
                sign * log(x[a][b] / seed[a][b]) for a, b, sign in ((i, j, 1), (k, q, 1), (i, q, -1), (k, j, -1))
            )
            assert slope > -0.02


@settings(max_examples=60, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from([1, -1]),
)
def test_the_order_of_rows_and_columns_has_no_influence(rng: random.Random, sign: int) -> None:
    seed, rows, columns = random_table(rng, empty=0.3, most=50)
    question = asked(seed, [sign * one for one in rows], [sign * one for one in columns])
    values = list(question.parts[0].values.items())
    mixed = Question(
        dict(rng.sample(list(question.rows.items()), len(rows))),
        dict(rng.sample(list(question.columns.items()), len(columns))),
        [Part(1, dict(rng.sample(values, len(values))))],
    )
    assert solve(question) == solve(mixed)


def test_what_could_be_either_way_goes_by_lot() -> None:
    """One unit a row and a column of an even table: by key it was always the same pair of cells."""
    rows, columns = {row(0): 1, row(1): 1}, {column(0): 1, column(1): 1}
    found = [amounts(solve(Question(rows, columns, about=about))) for about in range(60)]
    assert all(margins(each) == ([1, 1], [1, 1]) for each in found)
    assert 12 <= sum(each == [[1, 0], [0, 1]] for each in found) <= 48
    assert solve(Question(rows, columns, about=7)) == solve(Question(rows, columns, about=7))


def test_a_negative_total_is_the_mirror_image() -> None:
    limits = {(0, 0): CellLimits(floor=150), (1, 2): CellLimits(cap=40), (2, 3): CellLimits(locked=100)}
    mirrored = {(0, 0): CellLimits(cap=-150), (1, 2): CellLimits(floor=-40), (2, 3): CellLimits(locked=-100)}
    plain = solve(asked(SEED, ROWS, COLUMNS, limits))
    mirror = solve(asked(SEED, [-one for one in ROWS], [-one for one in COLUMNS], mirrored))
    assert [-cell.amount for cell in mirror.cells] == [cell.amount for cell in plain.cells]
    bounds = {cell.bound for cell in plain.cells}
    assert bounds == {None, ConstraintKind.LOCKED, ConstraintKind.FLOOR, ConstraintKind.CAP}


def test_a_refusal_names_rows_columns_and_constraints() -> None:
    limits = {(0, j): CellLimits(cap=100) for j in range(3)} | {(2, 3): CellLimits(floor=200)}
    with pytest.raises(TableInfeasible) as refused:
        solve(asked(SEED, ROWS, COLUMNS, limits))
    said = refused.value.extra
    assert (said["rows"], said["columns"], said["missing"]) == ([row(0)], [column(3)], 70)
    kinds = [(one["row"], one["column"], one["kind"], one["value"]) for one in said["constraints"]]
    caps = [(row(0), column(j), "cap", 100) for j in range(3)]
    assert kinds == [*caps, (row(2), column(3), "floor", 200)], "450 > 3 x 100 + (280 - 200)"


def test_a_lock_wins_over_an_exclusion_and_a_floor_does_not() -> None:
    seed = [[0, 1], [1, 1]]
    assert amounts(solve(asked(seed, [5, 5], [5, 5], {(0, 0): CellLimits(locked=2)}))) == [[2, 3], [3, 2]]
    with pytest.raises(TableInfeasible) as refused:
        solve(asked(seed, [5, 5], [5, 5], {(0, 0): CellLimits(floor=2)}))
    assert [one["kind"] for one in refused.value.extra["constraints"]] == ["floor", "excluded"]


def test_a_seed_on_which_the_fit_stalls_still_has_both_margins() -> None:
    """The only table on these cells has nothing in the corner, which a proportion never reaches."""
    solved = solve(asked([[1, 1], [0, 1]], [10**10, 10**10], [10**10, 10**10]))
    assert amounts(solved) == [[10**10, 0], [0, 10**10]]
    assert solved.rounding is Rounding.NEAREST
    assert solved.error > 1_000_000


def test_amounts_of_any_size() -> None:
    rng = random.Random(13)
    seed = [[rng.randint(1, 10**18) for _ in range(12)] for _ in range(17)]
    rows, columns = margins([[rng.randint(0, 10**13 // 204) for _ in range(12)] for _ in range(17)])
    assert margins(amounts(solve(asked(seed, rows, columns)))) == (rows, columns)
    nothing = solve(asked(seed, [0] * 17, [0] * 12))
    assert {cell.amount for cell in nothing.cells} == {0}


def test_no_cell_passes_the_largest_amount() -> None:
    most = 10**13
    locks = {at: CellLimits(locked=-most) for at in ((0, 0), (0, 1), (1, 2))}
    with pytest.raises(TableInfeasible) as refused:
        solve(asked([[1, 1, 1]] * 2, [0, most], [0, 0, most], locks))
    assert refused.value.extra["missing"] == most


def test_parts_of_a_seed_count_by_their_shares_and_exclude_together() -> None:
    rows, columns = {"a": 600, "b": 400}, {"x": 700, "y": 300}
    places = [Place(one, other) for one in rows for other in columns]

    def solved(*parts: tuple[int, Sequence[int | None]]) -> list[TableCell]:
        asked = [Part(share, dict(zip(places, values, strict=True))) for share, values in parts]
        return list(solve(Question(rows, columns, asked)).cells)

    mixed = solved((3, (1, 1, 1, 1)), (1, (100, 300, 300, 100)))
    assert [one.amount for one in mixed] == [one.amount for one in solved((1, (7, 9, 9, 7)))]
    assert [one.amount for one in mixed] != [one.amount for one in solved((1, (1, 1, 1, 1)))]
    without = solved((3, (1, 1, 1, 1)), (1, (100, 0, 300, 100)))
    assert [(one.amount, one.bound) for one in without] == [(600, None), (0, "excluded"), (100, None), (300, None)]


def test_months_by_product_line_of_the_restaurant() -> None:
    """Margins: the day profile's months, and the lines' shares; seed: what each line brought in each month of 2015."""
    with (Path(__file__).parent / "pizzaplace_lines.csv").open() as file:
        seed = {Place(one["month"], one["line"]): int(one["cents"]) for one in csv.DictReader(file)}
    sales: Counter[str] = Counter()
    for place, cents in seed.items():
        sales[place.column] += cents
    keys = sorted(sales)
    lines = dict(zip(keys, allocate(88_000_000, [sales[key] for key in keys], keys), strict=True))
    months = by_months(88_000_000, profile_of(pizzaplace(), PLAIN, *YEAR))
    found = {cell.place: cell.amount for cell in solve(Question(months, lines, [Part(1, seed)])).cells}
    assert (found[Place("2016-01", "chicken")], found[Place("2016-10", "veggie")]) == (1_725_259, 1_538_591)
    assert sum(found.values()) == 88_000_000
