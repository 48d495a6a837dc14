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
    _, block = BLOCKS
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


def certified(folder: Path) -> tuple[Object, ...]:
    """The overlay `external` with the component `certificates`."""
    parts = {"resources": K8S / "overlays" / "external", "components": K8S / "components" / "certificates"}
    own = {part: [os.path.relpath(path, folder.resolve())] for part, path in parts.items()}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(own))
    return tuple(rendered(folder))


def test_certificates_take_the_place_of_passwords(tmp_path: Path) -> None:
    found = certified(tmp_path)
    assert list(problems(found)) == []
    (shared,) = [one["data"] for one in found if one["metadata"]["name"].startswith("services-")]
    files = {shared[f"CRMESH_{server}_{part}"] for server in ("KAFKA", "POSTGRES") for part in ("CERT", "KEY")}
    seen = set()
    for one in found:
        name = one["metadata"]["labels"].get("app.kubernetes.io/name") if one["kind"] in ("Deployment", "Job") else None
        if name in SERVICES:
            spec = one["spec"]["template"]["spec"]
            (mount,) = [each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "certificate"]
            assert {f"{mount['mountPath']}/tls.crt", f"{mount['mountPath']}/tls.key"} == files
            assert {
                "name": "certificate",
                "secret": {"secretName": f"{name}-certificate", "defaultMode": 0o440},
            } in spec["volumes"]
            given = {each["name"] for each in spec["containers"][0].get("env", [])}
            assert not given & {"CRMESH_KAFKA_USER", "CRMESH_KAFKA_PASSWORD"}, (
                "a login would come before the certificate"
            )
            assert given >= {"CRMESH_POSTGRES"}
            seen.add(one["metadata"]["name"])
    assert len(seen) == 3 * len(SERVICES)


def test_scalers_prove_themselves_by_the_certificates_of_their_workers(tmp_path: Path) -> None:
    found = certified(tmp_path)
    proofs = {
        one["metadata"]["name"]: {
            each["parameter"]: f"{each['name']}/{each['key']}" for each in one["spec"]["secretTargetRef"]
        }
        for one in found
        if one["kind"] == "TriggerAuthentication"
    }
    scaled = [one for one in found if one["kind"] == "ScaledObject"]
    assert len(scaled) == len(SERVICES)
    for one in scaled:
        service = one["metadata"]["name"].removesuffix("-worker")
        for trigger in one["spec"]["triggers"]:
            assert (trigger["metadata"]["tls"], trigger["metadata"]["sasl"]) == ("enable", "none")
            assert proofs[trigger["authenticationRef"]["name"]] == {
                "cert": f"{service}-certificate/tls.crt",
                "key": f"{service}-certificate/tls.key",
                "ca": "authorities/kafka.crt",
            }


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
