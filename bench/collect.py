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

Written by `python -m bench.collect` from `bench/out/*.json`; `make bench`, `make faults`, `make soak`,
`make mixed` and `make k8s-smoke` measure again, and a figure that was not measured again stays. Each figure names its
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


def sections_of(page: str) -> dict[str, str]:
    """Sections of a page by the name of their figure."""
    return {part.partition("\n")[0].strip(): f"## {part}" for part in ("\n" + page).split("\n## ")[1:]}


def main() -> None:
    """Write the page: what was measured here takes the place of what it says, the rest stays."""
    figures = [json.loads(path.read_text()) for path in sorted(OUT.glob("*.json"))]
    measured = {figure["figure"]: section(figure) for figure in figures if "figure" in figure and "machine" in figure}
    known = sections_of(PAGE.read_text()) if PAGE.exists() else {}
    shown = {name: text.rstrip() + "\n" for name, text in (known | measured).items()}
    PAGE.write_text("\n".join([HEAD, *(shown[name] for name in sorted(shown))]))
    print(f"{PAGE}: {len(measured)} of {len(shown)} figures are new")


if __name__ == "__main__":
    main()
