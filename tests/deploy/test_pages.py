"""What docs/operations says of the deployment is true."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml

from deploy.tools.manifests import K8S, OVERLAYS, VERSIONS, Object, problems, rendered
from tests.architecture.source import ROOT, SERVICES
from tests.deploy.cluster import environment, workloads

KUBERNETES = (ROOT / "docs" / "operations" / "kubernetes.md").read_text()
INSTALL = (ROOT / "docs" / "operations" / "install.md").read_text()


BLOCKS = re.findall(r"```yaml\n(.*?)```", KUBERNETES, re.DOTALL)


def test_base_and_components_of_the_page_render(tmp_path: Path) -> None:
    _, block, _ = BLOCKS
    own = yaml.safe_load(block)
    for part, paths in own.items():
        own[part] = [os.path.relpath(K8S / path.partition("deploy/k8s/")[2], tmp_path.resolve()) for path in paths]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(own))
    found: tuple[Object, ...] = tuple(rendered(tmp_path))
    assert list(problems(found)) == []
    assert {"gateway", "risk-worker"} <= {one["metadata"]["name"] for one in found if one["kind"] == "Deployment"}


def test_the_overlay_of_the_page_renders(tmp_path: Path) -> None:
    above = yaml.safe_load(BLOCKS[0])
    (ours,) = above["resources"]
    above["resources"] = [os.path.relpath(K8S / ours.partition("deploy/k8s/")[2], tmp_path.resolve())]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(above))
    found: tuple[Object, ...] = tuple(rendered(tmp_path))
    assert list(problems(found)) == []
    images = {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in found if one["kind"] == "Deployment"}
    assert images == {"registry.example.com/crmesh:0.1.0"}
    (shared,) = [one["data"] for one in found if one["metadata"]["name"].startswith("services-")]
    assert shared["CRMESH_BASE_CURRENCY"] == "EUR"
    assert shared["CRMESH_KAFKA"], "what the overlay beneath says stays"


def test_certificates_take_the_place_of_passwords_as_the_page_says(tmp_path: Path) -> None:
    own = {
        **yaml.safe_load(BLOCKS[2]),
        "resources": [os.path.relpath(K8S / "overlays" / "external", tmp_path.resolve())],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(own))
    found: tuple[Object, ...] = tuple(rendered(tmp_path))
    assert list(problems(found)) == []
    (shared,) = [one["data"] for one in found if one["metadata"]["name"].startswith("services-")]
    files = {shared[f"CRMESH_{server}_{part}"] for server in ("KAFKA", "POSTGRES") for part in ("CERT", "KEY")}
    for one in found:
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "risk-worker":
            spec = one["spec"]["template"]["spec"]
            (mount,) = [each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "certificate"]
            assert {f"{mount['mountPath']}/tls.crt", f"{mount['mountPath']}/tls.key"} == files
            assert {"name": "certificate", "secret": {"secretName": "risk-certificate", "defaultMode": 0o440}} in spec[
                "volumes"
            ]


def test_the_page_makes_every_secret_that_pods_read() -> None:
    wanted = {
        value.removeprefix("secret:")
        for name in OVERLAYS
        for one in workloads(name)
        for value in environment(name, one).values()
        if value.startswith("secret:")
    }
    keys = re.findall(r"--from-literal=(CRMESH_\w+)=", KUBERNETES)
    assert "for service in customer targets channels risk" in KUBERNETES
    assert wanted == {f"{service}-secrets/{key}" for service in SERVICES for key in keys}


def test_the_page_knows_every_component_and_version() -> None:
    components = {path.parent.name for path in K8S.glob("components/*/kustomization.yaml")}
    assert set(re.findall(r"^\| `([a-z-]+)` \|", KUBERNETES, re.MULTILINE)) == components
    assert f"Kubernetes {VERSIONS[0]} or newer" in KUBERNETES
    assert f"Kubernetes {VERSIONS[0]} to {VERSIONS[-1]}" in KUBERNETES


def test_the_page_of_installing_names_the_processes_of_the_image() -> None:
    commands = set(re.findall(r"^\| `(python3 -m [\w.]+|crmesh migrate \w+)`", INSTALL, re.MULTILINE))
    assert commands == {
        "python3 -m services.customer.app",
        "python3 -m services.customer.worker",
        "crmesh migrate customer",
        "python3 -m gateway.main",
    }
