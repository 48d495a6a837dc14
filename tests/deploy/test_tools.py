"""The tools that put manifests onto a server, as far as they can be tried without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.tools import server, verify
from deploy.tools.manifests import K8S, RenderFailed, name_of, rendered
from deploy.tools.server import ServerRefused, kubectl, on_top


def test_an_overlay_on_top_changes_what_it_says() -> None:
    images = [{"name": "crmesh", "newName": "registry.example.com/crmesh", "newTag": "9.9.9"}]
    found = on_top("smoke", namespace="elsewhere", images=images)
    assert {one["metadata"].get("namespace", "elsewhere") for one in found} == {"elsewhere"}
    (space,) = [one for one in found if one["kind"] == "Namespace"]
    assert name_of(space) == "Namespace/elsewhere"
    (gateway,) = [one for one in found if name_of(one) == "Deployment/gateway"]
    assert gateway["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example.com/crmesh:9.9.9"


def test_what_kustomize_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [nowhere.yaml]\n")
    with pytest.raises(RenderFailed, match="nowhere"):
        rendered(tmp_path)


def test_a_server_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(ServerRefused, match="kubectl get nodes"):
        kubectl("get", "nodes")


def test_workloads_without_pods_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pods = [
        {"metadata": {"ownerReferences": [{"name": "customer-api-5d9f"}]}},
        {"metadata": {"ownerReferences": [{"name": "customer-migrate"}]}},
    ]
    monkeypatch.setattr(verify, "found", lambda *_: pods)
    workloads = [("Deployment", "customer-api"), ("Job", "customer-migrate"), ("Deployment", "customer-worker")]
    objects = [{"kind": kind, "metadata": {"name": name}} for kind, name in workloads]
    assert verify.wanting("any", objects) == ["customer-worker"]


def test_definitions_are_of_what_the_components_use() -> None:
    assert vars(server)["K8S"] == K8S
    kinds = {path.stem for path in verify.CRDS}
    assert kinds == {"cloudnative-pg", "keda", "prometheus-operator", "strimzi"}
