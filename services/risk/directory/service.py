"""What other slices ask of the directories."""

from __future__ import annotations

from collections.abc import Sequence

from kit.work import Work


def owned(work: Work) -> tuple[str, Sequence[object]]:
    """The record scope as a predicate over the account directory `d`, and its parameters from $1 on."""
    query = work.visible
    return query.sees("d.owner_id"), query.args
