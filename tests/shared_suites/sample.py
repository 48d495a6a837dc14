"""A part of the bundled sample: as many kinds of rows, in a fraction of the time."""

from __future__ import annotations

from pathlib import Path

from cli.load import cdnow

PART_ORDERS = 1200


def whole_sample(_folder: Path) -> Path:
    """The sample itself."""
    return cdnow.sample_path()


def part_of_sample(folder: Path, orders: int = PART_ORDERS) -> Path:
    """A file in the folder with the first orders of the sample, which stands in the order of its customers."""
    path = folder / "part.txt"
    lines = cdnow.sample_path().read_text(encoding="ascii").splitlines(keepends=True)
    path.write_text("".join(lines[:orders]), encoding="ascii")
    return path
