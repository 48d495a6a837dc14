"""kubectl against the API server that KUBECONFIG names."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from deploy.tools.manifests import K8S, KUBECTL, Object, rendered


class ServerRefused(Exception):
    """The server, or one of its controllers, refuses something; the text is its own."""


def kubectl(*arguments: str, given: str = "") -> str:
    """Output of kubectl; a warning of the server is a refusal. Raises ServerRefused."""
    done = subprocess.run([KUBECTL, *arguments], input=given, capture_output=True, text=True, check=False)
    if done.returncode or "Warning:" in done.stderr:
        raise ServerRefused(f"kubectl {' '.join(arguments[:4])}: {done.stderr.strip()}")
    return done.stdout


def found(namespace: str, what: str, *more: str) -> list[dict[str, Any]]:
    """Objects in a namespace."""
    items: list[dict[str, Any]] = json.loads(kubectl("-n", namespace, "get", what, "-o", "json", *more))["items"]
    return items


def apply(objects: list[Object]) -> list[str]:
    """Server-side apply; the lines that kubectl prints, one for each object."""
    return kubectl("apply", "--server-side", "-f", "-", given=yaml.safe_dump_all(objects)).splitlines()


def on_top(name: str, **fields: object) -> list[Object]:
    """The objects of an overlay with a kustomization on top of it, as an installation has one of its own."""
    with tempfile.TemporaryDirectory() as folder:
        # kustomize takes relative paths only, and compares them with real ones
        real = Path(folder).resolve()
        above = {"resources": [os.path.relpath(K8S / "overlays" / name, real)], **fields}
        (real / "kustomization.yaml").write_text(yaml.safe_dump(above))
        return rendered(real)
