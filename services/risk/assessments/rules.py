"""Pure rules of assessments: the cell of a matrix, what exceeds what, what a heat map shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.errors import FieldError, Invalid
from services.risk.policies.enums import RiskBand

Cell = tuple[int, int]
"""Likelihood and impact, from 1 to 5."""
SHOWN = 50
"""How many risks a cell names, and how many moves a heat map."""


class ResidualExceedsInherent(Invalid):
    code, title = "residual-exceeds-inherent", "What is left of a risk cannot be more than all of it"


class Judged(NamedTuple):
    """A cell and the band that the matrix gave it."""

    likelihood: int
    impact: int
    band: RiskBand


class Placed(NamedTuple):
    """A risk on a day; without `likelihood` and `impact` it was not assessed."""

    id: UUID
    code: str
    title: str
    likelihood: int | None
    impact: int | None

    @property
    def cell(self) -> Cell | None:
        """Where the risk stands."""
        return None if self.likelihood is None or self.impact is None else (self.likelihood, self.impact)


class Moved(NamedTuple):
    """A risk that stands elsewhere than before; None: nowhere."""

    risk: Placed
    before: Cell | None
    after: Cell | None


def check_residual(inherent: Judged | None, residual: Judged | None) -> None:
    """Neither the band of the residual risk nor likelihood times impact lies above that of the inherent one.

    Raises ResidualExceedsInherent.
    """
    if inherent is None or residual is None:
        return
    bands = list(RiskBand)
    is_higher = bands.index(residual.band) > bands.index(inherent.band)
    if is_higher or residual.likelihood * residual.impact > inherent.likelihood * inherent.impact:
        detail = (
            f"residual {residual.likelihood} x {residual.impact}, inherent {inherent.likelihood} x {inherent.impact}"
        )
        error = FieldError("/likelihood", ResidualExceedsInherent.code, detail)
        raise ResidualExceedsInherent(detail, errors=[error])


def by_cell(placed: Iterable[Placed]) -> dict[Cell | None, list[Placed]]:
    """Risks by where they stand, in their order."""
    found: dict[Cell | None, list[Placed]] = {}
    for risk in placed:
        found.setdefault(risk.cell, []).append(risk)
    return found


def moves(before: Sequence[Placed], after: Sequence[Placed]) -> list[Moved]:
    """Which risks stand elsewhere than before, those that came and went included, by their codes."""
    cells: Mapping[UUID, Cell | None] = {risk.id: risk.cell for risk in before}
    here = {risk.id for risk in after}
    came = [Moved(risk, cells.get(risk.id), risk.cell) for risk in after]
    went = [Moved(risk, risk.cell, None) for risk in before if risk.id not in here]
    return sorted(
        (one for one in (*came, *went) if one.before != one.after), key=lambda one: (one.risk.code, one.risk.id)
    )
