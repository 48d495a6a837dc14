"""Every workload of every overlay is what an operator may rely on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.tools.manifests import K8S, OVERLAYS, VERSIONS, Object, closed, overlay, problems, rendered
from gateway.settings import GatewaySettings
from standalone.registry import room
from tests.architecture.source import ROOT, SERVICES
from tests.architecture.test_settings import settings_of, variables
from tests.deploy.cluster import (
    command,
    component,
    container,
    environment,
    is_selected,
    of_kind,
    service,
    template,
    workloads,
)

BOUNDED = {"cpu", "memory", "ephemeral-storage"}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
WORKLOADS = [(name, one) for name in OVERLAYS for one in workloads(name)]
IDS = [f"{name}-{one['metadata']['name']}" for name, one in WORKLOADS]
each_workload = pytest.mark.parametrize(("name", "workload"), WORKLOADS, ids=IDS)
each_one = pytest.mark.parametrize("workload", [one for _, one in WORKLOADS], ids=IDS)
each_overlay = pytest.mark.parametrize("name", OVERLAYS)

LEFT = {
    "CRMESH_DATABASE",
    "CRMESH_POOL_WRITERS",
    "CRMESH_AUDIT_FROM",
    "CRMESH_POOL_READERS",
    "CRMESH_PRICE_POLICY",
    "CRMESH_SCREENING_REQUIRED",
    "CRMESH_SIGNING_ALGORITHM",
    "CRMESH_TOKEN_LIFETIME_SECONDS",
    "CRMESH_DEV_CLIENT_SECRET",
    "CRMESH_MAX_BODY_BYTES",
    "CRMESH_UPSTREAM_CONNECT_SECONDS",
    "CRMESH_UPSTREAM_MAX_IN_FLIGHT",
    "CRMESH_RATE_LIMIT_PER_SECOND",
    "CRMESH_PUBLIC_LIMIT_PER_MINUTE",
    "CRMESH_TRUSTED_PROXIES",
    "CRMESH_CORS_ORIGINS",
    "CRMESH_COMPRESS_MIN_BYTES",
    "CRMESH_ACCESS_LOG",
}
"""Settings whose defaults are right in a cluster; a new one is either set in the manifests or added here."""
ISSUED = {"production", "external"}
"""Overlays whose tokens are of the company's issuer."""
TLS = {
    "CRMESH_POSTGRES_SSLMODE",
    "CRMESH_POSTGRES_CA",
    "CRMESH_KAFKA_TLS",
    "CRMESH_KAFKA_CA",
    "CRMESH_KAFKA_USER",
    "CRMESH_KAFKA_PASSWORD",
}
PROOFS = {"CRMESH_POSTGRES_CERT", "CRMESH_POSTGRES_KEY", "CRMESH_KAFKA_CERT", "CRMESH_KAFKA_KEY"}
"""Certificates in place of passwords: the component `certificates`."""


def model_of(workload: Object) -> type[BaseSettings]:
    return GatewaySettings if component(workload) == "gateway" else settings_of(service(workload))


def known(model: type[BaseSettings]) -> dict[str, FieldInfo]:
    return dict(variables(model)) | ({"CRMESH_SERVICE": FieldInfo()} if model is not GatewaySettings else {})


def needed(model: type[BaseSettings]) -> Iterator[str]:
    """Settings whose default cannot be right in a cluster: this machine's address, or a secret everybody knows."""
    for variable, field in variables(model):
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else str(field.default)
        if re.search(r"127\.0\.0\.1|^development$", default):
            yield variable


@each_overlay
def test_every_object_satisfies_its_published_schema(name: str) -> None:
    assert list(problems(overlay(name))) == []


def test_a_misspelt_field_is_found() -> None:
    (pool,) = of_kind("dev", "KafkaNodePool")
    (api, *_) = workloads("dev")
    broken = ({**pool, "spec": {**pool["spec"], "rôles": []}}, {**api, "spec": {**api["spec"], "replica": 1}})
    found = list(problems(broken))
    assert len(found) == 1 + len(VERSIONS)
    assert "rôles" in found[0]
    assert "replica" in found[1]


def test_a_closed_schema_knows_every_field() -> None:
    schema = closed({"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-map-type": "atomic"})
    assert schema == {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    assert "additionalProperties" not in closed({"properties": {}, "x-kubernetes-preserve-unknown-fields": True})


@each_workload
def test_every_variable_is_a_setting(name: str, workload: Object) -> None:
    assert environment(name, workload).keys() <= known(model_of(workload)).keys()


@each_workload
def test_every_setting_that_must_be_is_set(name: str, workload: Object) -> None:
    missing = set(needed(model_of(workload))) - environment(name, workload).keys()
    allowed = {"CRMESH_SECRET"} if component(workload) == "migrate" else set()
    assert missing == allowed
    if name not in ISSUED and component(workload) == "gateway":
        assert "CRMESH_JWKS_URL" not in environment(name, workload), "the development issuer would not serve"


@each_overlay
def test_every_setting_is_set_or_left_knowingly(name: str) -> None:
    chosen = {variable for one in workloads(name) for variable in environment(name, one)}
    models: list[type[BaseSettings]] = [GatewaySettings, *map(settings_of, SERVICES)]
    every = {variable for model in models for variable, _ in variables(model)}
    optional = {"CRMESH_DATA_DIR"} if name in ISSUED else set()
    assert every - chosen - optional == LEFT | PROOFS | (set() if name == "external" else TLS)


@each_workload
def test_values_are_accepted(name: str, workload: Object, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in environment(name, workload).items():
        monkeypatch.setenv(variable, value)
    settings = model_of(workload)()
    assert settings.model_dump()["host"] == "0.0.0.0"


@each_workload
def test_commands_name_programs_that_exist(name: str, workload: Object) -> None:
    match command(name, workload):
        case ["python3", "-m", module]:
            assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists()
            assert 'if __name__ == "__main__":' in (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
        case ["crmesh", "migrate", which]:
            assert which in SERVICES
        case other:
            raise AssertionError(other)


@each_one
def test_every_image_is_pinned(workload: Object) -> None:
    assert container(workload)["image"] == f"crmesh:{VERSION}"


def test_images_of_others_are_pinned() -> None:
    (cluster,), (kafka,) = of_kind("production", "Cluster"), of_kind("production", "Kafka")
    assert re.fullmatch(r"[\w./-]+:18\.\d+", cluster["spec"]["imageName"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", kafka["spec"]["kafka"]["version"])


@each_workload
def test_every_workload_is_restricted(name: str, workload: Object) -> None:
    spec, only = template(workload)["spec"], container(workload)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    account = {one["metadata"]["name"]: one for one in of_kind(name, "ServiceAccount")}[spec["serviceAccountName"]]
    assert account["automountServiceAccountToken"] is False


@each_one
def test_every_workload_has_limits_and_probes(workload: Object) -> None:
    only = container(workload)
    assert only["resources"]["requests"].keys() == only["resources"]["limits"].keys() == BOUNDED
    if workload["kind"] == "Job":
        assert workload["spec"]["ttlSecondsAfterFinished"]
        return
    paths = {kind: only[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
    port = "ops" if component(workload) == "worker" else "http"
    assert paths == {
        "startup": {"path": "/startupz", "port": port},
        "readiness": {"path": "/readyz", "port": port},
        "liveness": {"path": "/livez", "port": port},
    }
    assert only["startupProbe"]["failureThreshold"] * only["startupProbe"]["periodSeconds"] >= 60


@each_workload
def test_ports_are_those_of_the_settings(name: str, workload: Object) -> None:
    expected = {"worker": [("ops", "CRMESH_OPS_PORT")], "migrate": []}.get(
        component(workload), [("http", "CRMESH_PORT")]
    )
    values = environment(name, workload)
    ports = [(port["name"], str(port["containerPort"])) for port in container(workload).get("ports", [])]
    assert ports == [(port, values[variable]) for port, variable in expected]


@each_workload
def test_a_stop_lasts_as_long_as_it_may(name: str, workload: Object) -> None:
    if component(workload) not in ("api", "gateway"):
        return
    sleep = container(workload)["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = int(environment(name, workload)["CRMESH_DRAIN_SECONDS"])
    assert sleep >= 2, "endpoints take a moment to be everywhere"
    assert drain > 5, "the gateway keeps idle connections for 4 s"
    assert template(workload)["spec"]["terminationGracePeriodSeconds"] > sleep + drain + 20
    assert workload["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


@each_overlay
def test_every_service_has_everything(name: str) -> None:
    found = {f"{one['kind']}/{one['metadata']['name']}" for one in overlay(name)}
    for one in SERVICES:
        assert found >= {
            f"Deployment/{one}-api",
            f"Deployment/{one}-worker",
            f"Job/{one}-migrate",
            f"Service/{one}-api",
            f"ServiceAccount/{one}-account",
            f"HorizontalPodAutoscaler/{one}-api",
            f"PodDisruptionBudget/{one}-api",
            f"PodDisruptionBudget/{one}-worker",
        }
    assert found >= {"Deployment/gateway", "Service/gateway", "HorizontalPodAutoscaler/gateway", "Namespace/crmesh"}
    (namespace,) = of_kind(name, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert all(one["metadata"].get("namespace") == "crmesh" for one in overlay(name) if one["kind"] != "Namespace")


@each_overlay
def test_selectors_select_one_kind_of_pod(name: str) -> None:
    labels = {one["metadata"]["name"]: template(one)["metadata"]["labels"] for one in workloads(name)}
    for one in of_kind(name, "Service"):
        selected = [pod for pod, its in labels.items() if is_selected({"matchLabels": one["spec"]["selector"]}, its)]
        assert selected == [one["metadata"]["name"]]
    for one in of_kind(name, "PodDisruptionBudget", "Deployment"):
        selected = [pod for pod, its in labels.items() if is_selected(one["spec"]["selector"], its)]
        assert selected == [one["metadata"]["name"]]
    for one in of_kind(name, "Deployment"):
        for spread in template(one)["spec"]["topologySpreadConstraints"]:
            selected = [pod for pod, its in labels.items() if is_selected(spread["labelSelector"], its)]
            assert selected == [one["metadata"]["name"]]


@each_overlay
def test_scalers_name_deployments(name: str) -> None:
    deployments = {one["metadata"]["name"] for one in of_kind(name, "Deployment")}
    scalers = of_kind(name, "HorizontalPodAutoscaler", "ScaledObject")
    targets = [one["spec"]["scaleTargetRef"]["name"] for one in scalers]
    assert set(targets) <= deployments
    assert len(set(targets)) == len(targets)


@pytest.mark.parametrize("name", sorted(ISSUED))
def test_scaled_groups_are_those_of_the_services(name: str) -> None:
    scaled = of_kind(name, "ScaledObject")
    triggers = [trigger["metadata"] for one in scaled for trigger in one["spec"]["triggers"]]
    lanes = [lane for one in SERVICES for lane in room(one, "subscriptions").subscriptions.lanes]
    assert {one["consumerGroup"] for one in triggers} == {lane.group for lane in lanes}
    addresses = {one["bootstrapServers"] for one in triggers}
    address = environment(name, workloads(name)[0])["CRMESH_KAFKA"]
    assert addresses == {address if "." in address else address.replace(":", ".crmesh.svc:")}


def test_scalers_log_in_as_the_workers_that_they_scale() -> None:
    logins = {
        one["metadata"]["name"]: one["spec"]["secretTargetRef"] for one in of_kind("external", "TriggerAuthentication")
    }
    workers = {one["metadata"]["name"]: one for one in workloads("external")}
    for scaled in of_kind("external", "ScaledObject"):
        worker = workers[scaled["spec"]["scaleTargetRef"]["name"]]
        values = environment("external", worker)
        for trigger in scaled["spec"]["triggers"]:
            assert (trigger["metadata"]["tls"], trigger["metadata"]["sasl"]) == ("enable", "scram_sha512")
            given = {
                one["parameter"]: f"{one['name']}/{one['key']}" for one in logins[trigger["authenticationRef"]["name"]]
            }
            (volume,) = template(worker)["spec"]["volumes"]
            assert given == {
                "username": values["CRMESH_KAFKA_USER"].removeprefix("secret:"),
                "password": values["CRMESH_KAFKA_PASSWORD"].removeprefix("secret:"),
                "ca": f"{volume['secret']['secretName']}/{Path(values['CRMESH_KAFKA_CA']).name}",
            }


def test_authorities_are_where_the_settings_look_for_them() -> None:
    for one in workloads("external"):
        if component(one) == "gateway":
            assert "volumes" not in template(one)["spec"], "it speaks to neither server"
            continue
        values = environment("external", one)
        assert values["CRMESH_POSTGRES_SSLMODE"] == "verify-full"
        (mount,), (volume,) = container(one)["volumeMounts"], template(one)["spec"]["volumes"]
        assert mount["readOnly"] is True
        assert mount["name"] == volume["name"]
        assert volume["secret"]["defaultMode"] == 0o440, "others than the group of the process read nothing"
        for variable in ("CRMESH_POSTGRES_CA", "CRMESH_KAFKA_CA"):
            assert str(Path(values[variable]).parent) == mount["mountPath"]


@pytest.mark.parametrize("name", ["dev", "production"])
def test_databases_and_owners_are_those_of_the_services(name: str) -> None:
    databases = {one["spec"]["name"]: one["spec"]["owner"] for one in of_kind(name, "Database")}
    assert databases == {settings_of(one)().model_copy().database_name(): one for one in SERVICES}  # type: ignore[attr-defined]
    (cluster,) = of_kind(name, "Cluster")
    roles = {one["name"]: one["passwordSecret"]["name"] for one in cluster["spec"]["managed"]["roles"]}
    for workload in workloads(name):
        if component(workload) != "gateway":
            owner = service(workload)
            assert environment(name, workload)["CRMESH_POSTGRES"] == f"secret:{roles[owner]}/CRMESH_POSTGRES"


def test_no_manifest_is_kept_twice() -> None:
    seen: dict[str, Path] = {}
    for path in sorted(K8S.rglob("*.yaml")):
        if path.name == "kustomization.yaml" or "crds" in path.parts:
            continue
        for one in yaml.safe_load_all(path.read_text()):
            text = yaml.safe_dump(one.get("spec") if isinstance(one, dict) else one)
            assert text not in seen or text == "null\n...\n", f"{path} repeats {seen[text]}"
            seen[text] = path


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in K8S.glob("base/*/kustomization.yaml")), ids=lambda path: path.name
)
def test_services_differ_by_name_and_settings_only(folder: Path) -> None:
    if folder.name not in SERVICES:
        return
    own = yaml.safe_dump_all(one for one in rendered(folder) if one["kind"] != "ConfigMap")
    first = yaml.safe_dump_all(one for one in rendered(K8S / "base" / "customer") if one["kind"] != "ConfigMap")
    hashes = re.compile(r"settings-[a-z0-9]+")
    assert hashes.sub("settings", own).replace(folder.name, "customer") == hashes.sub("settings", first)
