"""Every overlay applied to a real API server, in a namespace of its own that is removed afterwards.

usage: KUBECONFIG=... python -m deploy.tools.verify [OVERLAY ...]

What an operator brings is lent from deploy/k8s/crds where the server lacks it. The pods are made and admitted under the
restricted Pod Security Standard; whether they run is not looked at.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import yaml

from deploy.tools.manifests import K8S, OVERLAYS, Object, name_of
from deploy.tools.server import ServerRefused, apply, found, kubectl, on_top

NAMESPACE = "crmesh-verify"
SECONDS = 60.0
CRDS = tuple(sorted(K8S.glob("crds/*.yaml")))


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
                    apply([definition])
                    lent.append(name)
        for name in lent:
            kubectl("wait", "--for=condition=Established", f"crd/{name}", "--timeout=30s")
        yield lent
    finally:
        for name in lent:
            kubectl("delete", "crd", name, "--wait=true")


def refused(namespace: str) -> Iterator[str]:
    """What the controllers could not make of the workloads."""
    for one in found(namespace, "replicasets,jobs"):
        for condition in one.get("status", {}).get("conditions", []):
            if condition["type"] in ("ReplicaFailure", "FailureTarget") and condition["status"] == "True":
                yield f"{name_of(one)}: {condition.get('message', '')}"


def wanting(namespace: str, objects: Sequence[Object]) -> list[str]:
    """Workloads that have no pod yet."""
    owners = {owner["name"] for pod in found(namespace, "pods") for owner in pod["metadata"].get("ownerReferences", [])}
    workloads = [one["metadata"]["name"] for one in objects if one["kind"] in ("Deployment", "Job")]
    return [one for one in workloads if not any(owner == one or owner.rpartition("-")[0] == one for owner in owners)]


def verify(name: str) -> str:
    """Apply an overlay and wait for its pods; returns what was seen. Raises ServerRefused."""
    objects = on_top(name, namespace=NAMESPACE)
    try:
        apply(objects)
        again = apply(objects)
        deadline = time.monotonic() + SECONDS
        while missing := wanting(NAMESPACE, objects):
            if wrong := list(refused(NAMESPACE)):
                raise ServerRefused("\n".join(wrong))
            if time.monotonic() > deadline:
                raise ServerRefused(f"no pod after {SECONDS:.0f} s: {', '.join(missing)}")
            time.sleep(0.5)
        return f"{len(again)} objects applied twice, every workload has pods"
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true", "--timeout=120s")


def main() -> int:
    """Verify the overlays named, or all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("overlay", nargs="*", help=f"of {', '.join(OVERLAYS)}; all of them by default")
    names = parser.parse_args().overlay or OVERLAYS
    try:
        version = json.loads(kubectl("get", "--raw", "/version"))["gitVersion"]
        with lent_definitions() as lent:
            print(f"server {version}; definitions of its own but for: {', '.join(lent) or 'none'}")
            for name in names:
                print(f"{name}: {verify(name)}")
    except ServerRefused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
