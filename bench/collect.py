"""docs/figures.md from what the benchmarks have written.

usage: python -m bench.collect
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.report import OUT, columns_of, text_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "figures.md"
HEAD = """# Figures

Written by `python -m bench.collect` from `bench/out/*.json`; `make bench` measures again. Each figure names its
command, machine, versions and date. `limit` is what is to be reached and `ratio` how much of it is: for http the
throughput as a part of the hand-written limit's in the same run, else value over limit.
"""


def section(found: dict[str, Any]) -> str:
    """One figure as Markdown."""
    machine = found["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    where = f"{machine['cores']} cores ({machine.get('processor') or 'unknown'}), {machine['memory_gib']} GiB"
    parts = [f"## {found['figure']}", f"`{found.get('command', '')}`, {found.get('date', '')[:10]}."]
    if found.get("note"):
        parts.append(str(found["note"])[:1].upper() + str(found["note"])[1:] + ".")
    rows = found.get("rows", [])
    if rows:
        names = columns_of(rows)
        lines = ["| " + " | ".join(name.replace("_", " ") for name in names) + " |", "|" + "---|" * len(names)]
        lines += ["| " + " | ".join(text_of(row.get(name)) for name in names) + " |" for row in rows]
        parts.append("\n".join(lines))
    load = machine.get("load_before", "?")
    parts.append(f"Machine: {where}; load before {load}; {machine['system']}; Python {machine['python']}; {versions}.")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the page."""
    figures = [json.loads(path.read_text()) for path in sorted(OUT.glob("*.json"))]
    shown = [figure for figure in figures if "figure" in figure and "machine" in figure]
    PAGE.write_text("\n".join([HEAD, *(section(figure) for figure in shown)]))
    print(f"{PAGE}: {len(shown)} figures")


if __name__ == "__main__":
    main()
