"""Every overlay of deploy/k8s rendered and checked with the published schemas, without a cluster.

usage: python -m deploy.tools.manifests
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

K8S = Path(__file__).resolve().parents[1] / "k8s"
OVERLAYS = tuple(sorted(path.parent.name for path in K8S.glob("overlays/*/kustomization.yaml")))
VERSIONS = ("1.30", "1.34", "1.37")
"""Releases of Kubernetes whose schemas the objects must satisfy: the oldest that can sleep before the stop, ...,
the newest known."""
KUBECTL = Path(sys.executable).parent / "kubectl"
"""Comes with the development dependencies."""
Object = dict[str, Any]


class RenderFailed(Exception):
    """kustomize refuses the folder; the text is its own."""


def rendered(folder: Path) -> list[Object]:
    """The objects of a kustomization. Raises RenderFailed."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RenderFailed(done.stderr.strip())
    return [found for found in yaml.safe_load_all(done.stdout) if found is not None]


@cache
def overlay(name: str) -> tuple[Object, ...]:
    """The objects of an overlay."""
    return tuple(rendered(K8S / "overlays" / name))


@cache
def definitions() -> Mapping[tuple[str, str], Object]:
    """Schema of each kind of an operator that we use: (apiVersion, kind) -> JSON schema."""
    found: dict[tuple[str, str], Object] = {}
    for path in sorted(K8S.glob("crds/*.yaml")):
        for definition in yaml.safe_load_all(path.read_text()):
            spec = definition["spec"]
            for version in spec["versions"]:
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                schema = closed(version["schema"]["openAPIV3Schema"])
                schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
                found[key] = schema
    return found


def closed(schema: Object) -> Object:
    """An OpenAPI v3 schema of a definition as a JSON schema that knows every field."""
    out: Object = {}
    for name, value in schema.items():
        if name == "properties":
            out[name] = {key: closed(inner) for key, inner in value.items()}
        elif name in ("items", "additionalProperties") and isinstance(value, dict):
            out[name] = closed(value)
        elif not name.startswith("x-kubernetes"):
            out[name] = value
    if "properties" in out and not schema.get("x-kubernetes-preserve-unknown-fields"):
        out.setdefault("additionalProperties", False)
    return out


def name_of(found: Object) -> str:
    """kind/name."""
    return f"{found['kind']}/{found['metadata']['name']}"


def problems(objects: tuple[Object, ...]) -> Iterator[str]:
    """What is wrong with the objects of an overlay."""
    seen = Counter((one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in objects)
    yield from (f"twice: {key}" for key, count in seen.items() if count > 1)
    for one in objects:
        schema = definitions().get((one["apiVersion"], one["kind"]))
        if schema is not None:
            for error in jsonschema.Draft202012Validator(schema).iter_errors(one):
                yield f"{name_of(one)}: {'/'.join(map(str, error.absolute_path))}: {error.message}"
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{name_of(one)} ({version}): {'/'.join(map(str, error.path))}: {error.message}"
            except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError):
                yield f"{name_of(one)} ({version}): {one['apiVersion']} {one['kind']} is unknown"


def main() -> int:
    """Print what was found; the exit code is 1 when something is wrong."""
    wrong = 0
    for name in OVERLAYS:
        try:
            objects = overlay(name)
        except RenderFailed as error:
            print(f"{name}: {error}")
            wrong += 1
            continue
        found = list(problems(objects))
        wrong += len(found)
        print(f"{name}: {len(objects)} objects, Kubernetes {VERSIONS[0]} to {VERSIONS[-1]}: {len(found)} problems")
        for problem in found:
            print(f"  {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
