"""How the cells of a table came to whole amounts."""

from __future__ import annotations

from enum import StrEnum


class Rounding(StrEnum):
    """Each cell the floor or the ceiling of its fitted value, with the least sum of squares of the differences; where
    no such table exists, the one within the bounds with the least sum of differences."""

    CONTROLLED = "controlled"
    NEAREST = "nearest"
