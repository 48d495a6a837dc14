"""Fitting the BG/NBD model by maximum likelihood. numpy and scipy are imported where they are used: no other part of
the service waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import TYPE_CHECKING, NamedTuple

from services.customer.churn.rules import WEEK, Fit

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

_STEPS = 5_000
_FURTHEST = 25.0
"""Logarithms of parameters are looked for within this of 0."""


class Alike(NamedTuple):
    """Accounts that the model does not tell apart: order days after the first, days from the first to the last and to
    now, and how many accounts they are."""

    repeats: int
    last: int
    age: int
    accounts: int


class Fitted(NamedTuple):
    """A model, its log-likelihood, and whether the search has ended."""

    fit: Fit
    log_likelihood: float
    is_converged: bool


def fit_groups(groups: Sequence[Alike]) -> Fitted:
    """The model under which what was seen is most likely; the same groups in the same order give the same."""
    import numpy as np
    from scipy.optimize import minimize

    likelihood = _likelihood(np.array(groups, dtype=np.float64))
    found = minimize(
        lambda logs: -likelihood(logs),
        np.zeros(4),
        method="Nelder-Mead",
        bounds=[(-_FURTHEST, _FURTHEST)] * 4,
        options={"maxiter": _STEPS, "maxfev": 2 * _STEPS, "xatol": 1e-7, "fatol": 1e-7},
    )
    return Fitted(Fit(*(exp(value) for value in found.x)), -float(found.fun), bool(found.success))


def _likelihood(table: Values) -> Callable[[Values], float]:
    """The log-likelihood of logarithms of r, alpha, a and b (Fader, Hardie and Lee 2005, equation 6)."""
    import numpy as np
    from scipy.special import gammaln

    repeats, at = np.unique(table[:, 0], return_inverse=True)
    last, age, weights = table[:, 1] / WEEK, table[:, 2] / WEEK, table[:, 3]
    counts = np.bincount(at, weights=weights)
    again = table[:, 0] > 0
    one_less = np.maximum(table[:, 0], 1) - 1

    def value(logs: Values) -> float:
        r, alpha, a, b = np.exp(logs)
        shared = gammaln(r + repeats) - gammaln(r) + r * logs[1]
        shared += gammaln(a + b) - gammaln(a + b + repeats) + gammaln(b + repeats) - gammaln(b)
        stays = -(r + table[:, 0]) * np.log(alpha + age)
        leaves = logs[2] - np.log(b + one_less) - (r + table[:, 0]) * np.log(alpha + last)
        either = np.where(again, np.logaddexp(stays, leaves), stays)
        return float(counts @ shared + weights @ either)

    return value
