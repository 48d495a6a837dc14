"""Pure rules of the facts of KPIs: what comes back of a margin."""

from __future__ import annotations

from kit.money import ratio


def margin_back(margin: int, pieces: int, before: int, after: int) -> int:
    """What of a line's margin goes when the pieces that came back go from `before` to `after`: all steps together take
    the whole margin."""
    return ratio(margin, after, pieces) - ratio(margin, before, pieces)
