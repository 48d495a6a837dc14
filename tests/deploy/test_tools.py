"""The tools that put manifests onto a server, as far as they can be tried without one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deploy.tools import score, server, verify
from deploy.tools.manifests import K8S, OVERLAYS, RenderFailed, name_of, rendered
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


def test_every_check_that_is_not_asked_says_why() -> None:
    skipped = yaml.safe_load(score.SKIPPED.read_text())
    assert set(skipped) <= {"all", *OVERLAYS}
    assert all(len(reason) > 30 for part in skipped.values() for reason in part.values())
    assert set(score.skipped("production")) == set(skipped["all"])


def test_findings_are_counted_and_a_missing_program_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / score.PROGRAM
    program.write_text('#!/bin/sh\necho "[OK] a"\necho "[CRITICAL] b $*"\necho "[SKIPPED] c"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (found,) = score.findings("dev", "")
    assert found.startswith("[CRITICAL] b score")
    assert "--ignore-test horizontalpodautoscaler-replicas" in found
    assert score.main() == 1
    program.write_text("#!/bin/sh\necho broken >&2\n")
    with pytest.raises(RuntimeError, match="broken"):
        score.findings("dev", "")
    monkeypatch.setenv("PATH", "")
    assert score.main() == 2
    assert "go install" in capsys.readouterr().err
