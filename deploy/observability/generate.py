"""Write the files made from slo.yaml: `python -m deploy.observability.generate [--check]`.

With --check nothing is written, and the exit code is 1 when a file is not what the table says.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

from deploy.observability.dashboard import make_dashboard
from deploy.observability.rules import HERE, make_groups, make_resource, read_table

HEADER = "# Made from slo.yaml by `make observability`.\n"


def make_files() -> dict[Path, str]:
    """Path -> content of every generated file."""
    table = read_table()
    groups = make_groups(table)

    def text(value: object) -> str:
        return HEADER + yaml.safe_dump(value, sort_keys=False, width=118, allow_unicode=True)

    return {
        HERE / "rules.yaml": text(groups),
        HERE / "prometheusrule.yaml": text(make_resource(groups)),
        HERE.parent / "grafana" / "crmesh.json": json.dumps(make_dashboard(table), indent=2) + "\n",
    }


def main() -> int:
    """Write the files, or compare."""
    wrong = [path for path, text in make_files().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in wrong:
            sys.stderr.write(f"{path.relative_to(HERE.parents[1])} is not what slo.yaml says: make observability\n")
        return bool(wrong)
    for path in wrong:
        path.parent.mkdir(exist_ok=True)
        path.write_text(make_files()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
