"""`crmesh demo --check`: the table of a running system."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cli.console import print_table
from cli.load import cdnow
from cli.load.client import connected
from cli.load.table import settled_table


async def check_demo(url: str, full: Path | None, *, as_json: bool) -> bool:
    """The table of a running system; True when it agrees."""
    async with connected(url) as api:
        table = await settled_table(api, full or cdnow.sample_path())
    if as_json:
        sys.stdout.write(json.dumps(table.as_dict(), indent=2) + "\n")
    else:
        print_table(table)
    return table.agrees
