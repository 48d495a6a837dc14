"""Every overlay applied to a real API server, in a namespace of its own that is removed afterwards.

usage: KUBECONFIG=... python -m deploy.tools.verify [OVERLAY ...]

What an operator brings is lent from deploy/k8s/crds where the server lacks it. The pods are made and admitted under the
restricted Pod Security Standard; whether they run is not looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from deploy.tools.manifests import K8S, KUBECTL, OVERLAYS, Object, name_of, rendered

NAMESPACE = "crmesh-verify"
SECONDS = 60.0
CRDS = tuple(sorted(K8S.glob("crds/*.yaml")))


class VerifyFailed(Exception):
    """The server, or one of its controllers, refuses something; the text is its own."""


def kubectl(*arguments: str, given: str = "") -> str:
    """Output of kubectl with the server of KUBECONFIG. Raises VerifyFailed."""
    done = subprocess.run([KUBECTL, *arguments], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VerifyFailed(f"kubectl {' '.join(arguments[:3])}: {done.stderr.strip()}")
    if "Warning:" in done.stderr:
        raise VerifyFailed(done.stderr.strip())
    return done.stdout


def objects_of(name: str, namespace: str) -> list[Object]:
    """The objects of an overlay, put into another namespace as an overlay on top would do it."""
    with tempfile.TemporaryDirectory() as folder:
        # kustomize takes relative paths only, and compares them with real ones
        real = Path(folder).resolve()
        above = {"resources": [os.path.relpath(K8S / "overlays" / name, real)], "namespace": namespace}
        (real / "kustomization.yaml").write_text(yaml.safe_dump(above))
        return rendered(real)


@contextmanager
def lent_definitions() -> Iterator[list[str]]:
    """Definitions that the server lacks, for the time of the block."""
    known = {line.partition("/")[2] for line in kubectl("get", "crd", "-o", "name").split()}
    lent: list[str] = []
    try:
        for path in CRDS:
            for definition in yaml.safe_load_all(path.read_text()):
                name = definition["metadata"]["name"]
                if name not in known:
                    kubectl("apply", "--server-side", "-f", "-", given=yaml.safe_dump(definition))
                    lent.append(name)
        for name in lent:
            kubectl("wait", "--for=condition=Established", f"crd/{name}", "--timeout=30s")
        yield lent
    finally:
        for name in lent:
            kubectl("delete", "crd", name, "--wait=true")


def refused(namespace: str) -> Iterator[str]:
    """What the controllers could not make of the workloads."""
    found = json.loads(kubectl("-n", namespace, "get", "replicasets,jobs", "-o", "json"))["items"]
    for one in found:
        for condition in one.get("status", {}).get("conditions", []):
            if condition["type"] in ("ReplicaFailure", "FailureTarget") and condition["status"] == "True":
                yield f"{name_of(one)}: {condition.get('message', '')}"


def wanting(namespace: str, objects: Sequence[Object]) -> list[str]:
    """Workloads that have no pod yet."""
    found: list[dict[str, Any]] = json.loads(kubectl("-n", namespace, "get", "pods", "-o", "json"))["items"]
    owners = {owner["name"] for pod in found for owner in pod["metadata"].get("ownerReferences", [])}
    workloads = [one["metadata"]["name"] for one in objects if one["kind"] in ("Deployment", "Job")]
    return [one for one in workloads if not any(owner == one or owner.rpartition("-")[0] == one for owner in owners)]


def verify(name: str) -> str:
    """Apply an overlay and wait for its pods; returns what was seen. Raises VerifyFailed."""
    objects = objects_of(name, NAMESPACE)
    text = yaml.safe_dump_all(objects)
    try:
        kubectl("apply", "--server-side", "-f", "-", given=text)
        again = kubectl("apply", "--server-side", "-f", "-", given=text)
        deadline = time.monotonic() + SECONDS
        while missing := wanting(NAMESPACE, objects):
            if wrong := list(refused(NAMESPACE)):
                raise VerifyFailed("\n".join(wrong))
            if time.monotonic() > deadline:
                raise VerifyFailed(f"no pod after {SECONDS:.0f} s: {', '.join(missing)}")
            time.sleep(0.5)
        return f"{len(again.splitlines())} objects applied twice, every workload has pods"
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true", "--timeout=120s")


def main() -> int:
    """Verify the overlays named, or all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("overlay", nargs="*", choices=[[], *OVERLAYS])
    names = parser.parse_args().overlay or OVERLAYS
    try:
        version = json.loads(kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]
        with lent_definitions() as lent:
            print(f"server {version}; definitions of its own but for: {', '.join(lent) or 'none'}")
            for name in names:
                print(f"{name}: {verify(name)}")
    except VerifyFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
