"""Every overlay of deploy/k8s judged by kube-score; nothing critical and no warning may be left.

usage: python -m deploy.tools.score
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import yaml

from deploy.tools.manifests import K8S, OVERLAYS, overlay

PROGRAM = "kube-score"
HOW = "go install github.com/zegl/kube-score/cmd/kube-score@v1.20.0"
SKIPPED = K8S / "kube-score.yaml"


def skipped(name: str) -> list[str]:
    """The checks that an overlay is not asked."""
    found = yaml.safe_load(SKIPPED.read_text())
    return [check for part in ("all", name) for check in found.get(part, {})]


def findings(name: str, text: str) -> list[str]:
    """What kube-score finds in an overlay, rendered as `text`; RuntimeError when it cannot read it."""
    ignored = [part for check in skipped(name) for part in ("--ignore-test", check)]
    command = [PROGRAM, "score", "--output-format", "ci", *ignored, "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if "[OK]" not in done.stdout:
        raise RuntimeError(done.stderr or done.stdout)
    return [line for line in done.stdout.splitlines() if line.startswith(("[CRITICAL]", "[WARNING]"))]


def main() -> int:
    """Prints what is found; the exit code is 1 then, and 2 without the program."""
    if shutil.which(PROGRAM) is None:
        print(f"{PROGRAM} is missing: {HOW}", file=sys.stderr)
        return 2
    found = 0
    for name in OVERLAYS:
        lines = findings(name, yaml.safe_dump_all(overlay(name)))
        print(f"{name}: {len(lines)} findings", *lines, sep="\n  ")
        found += len(lines)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
