"""The flows that exist are let through, and no others."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest

from deploy.tools.manifests import OVERLAYS
from tests.architecture.source import SERVICES
from tests.deploy.cluster import Pod, component, environment, flows, is_selected, of_kind, pods, reaches, workloads

KAFKA = Pod("kafka", {"strimzi.io/cluster": "kafka"}, {"plain": 9092, "control": 9090})
POSTGRES = Pod("postgres", {"cnpg.io/cluster": "postgres"}, {"postgres": 5432, "status": 8000})
INGRESS = Pod("ingress", {"app": "ingress"}, {}, namespace="ingress")
PROMETHEUS = Pod("prometheus", {"app.kubernetes.io/name": "prometheus"}, {}, namespace="monitoring")
STRANGER = Pod("stranger", {"app": "stranger"}, {"http": 8000}, namespace="strangers")
DNS = Pod("dns", {"k8s-app": "kube-dns"}, {"dns": 53}, namespace="kube-system")
MONITORED = ISSUED = {"production", "external"}


def servers(name: str) -> tuple[Pod, Pod]:
    """PostgreSQL and Kafka of the overlay: pods of operators, or elsewhere."""
    if of_kind(name, "Kafka"):
        return POSTGRES, KAFKA
    host, port = environment(name, workloads(name)[0])["CRMESH_KAFKA"].split(":")
    found = {one: address_of(name, one) for one in ("postgres", "kafka")}
    assert host in (found["kafka"], "kafka.example.com"), "a name that the policy's address stands for"
    return (
        Pod("postgres", {}, {"postgres": 5432}, address=found["postgres"]),
        Pod("kafka", {}, {"kafka": int(port)}, address=found["kafka"]),
    )


def address_of(name: str, server: str) -> str:
    """Of a server elsewhere, as the policy to it says."""
    (policy,) = [one for one in of_kind(name, "NetworkPolicy") if one["metadata"]["name"] == server]
    ((peer,),) = [rule["to"] for rule in policy["spec"]["egress"]]
    return str(ip_network(peer["ipBlock"]["cidr"]).network_address)


def pods_behind(name: str, url: str) -> list[tuple[str, int]]:
    """(pod, port) that a URL leads to by a Service of ours; none when it leads out."""
    parts = urlsplit(url)
    for service in of_kind(name, "Service"):
        if service["metadata"]["name"] == parts.hostname:
            (port,) = service["spec"]["ports"]
            assert port["port"] == (parts.port or 80)
            selector = {"matchLabels": service["spec"]["selector"]}
            return [
                (pod.name, pod.ports[port["targetPort"]]) for pod in pods(name) if is_selected(selector, pod.labels)
            ]
    assert parts.scheme == "https", url
    return []


def expected(name: str) -> set[tuple[str, str, int]]:
    """What the processes' settings make them connect to, and who comes from outside."""
    others = [INGRESS, STRANGER, PROMETHEUS, DNS, *(server for server in servers(name) if server.address)]
    wanted = {(other.name, "gateway", 8000) for other in others}
    for one in workloads(name):
        own, values = one["metadata"]["name"], environment(name, one)
        wanted.add((own, "dns", 53))
        urls = [value for variable, value in values.items() if variable.startswith("CRMESH_UPSTREAM_")]
        if component(one) == "api":
            urls.append(values["CRMESH_JWKS_URL"])
        wanted |= {(own, pod, port) for url in urls for pod, port in pods_behind(name, url)}
        if component(one) in ("api", "worker", "migrate"):
            wanted.add((own, "postgres", 5432))
        if component(one) in ("api", "worker"):
            wanted.add((own, "kafka", int(values["CRMESH_KAFKA"].rpartition(":")[2])))
        if name in MONITORED and component(one) != "migrate":
            wanted.add(("prometheus", own, 9100 if component(one) == "worker" else 8000))
    return wanted


@pytest.mark.parametrize("name", OVERLAYS)
def test_policies_are_the_flows_of_the_settings(name: str) -> None:
    outsiders = [INGRESS, PROMETHEUS, STRANGER, DNS]
    found = set(flows(name, [*pods(name), *servers(name), *outsiders]))
    ours = {pod.name for pod in pods(name)}
    assert {flow for flow in found if ours & set(flow[:2])} == expected(name)


@pytest.mark.parametrize("name", OVERLAYS)
def test_nothing_of_ours_reaches_the_internet_but_the_issuer(name: str) -> None:
    internet = Pod("internet", {}, {"https": 443, "http": 80, "smtp": 25}, address="198.51.100.7")
    found = set(flows(name, [*pods(name), internet]))
    issuer = {f"{one}-api" for one in SERVICES} | {"gateway"} if name in ISSUED else set()
    assert {(source, port) for source, target, port in found if target == "internet"} == {(one, 443) for one in issuer}


@pytest.mark.parametrize("name", ["dev", "production"])
def test_operators_reach_what_they_run(name: str) -> None:
    operator = Pod("operator", {}, {}, namespace="cnpg-system")
    assert reaches(name, operator, POSTGRES, 8000)
    assert not reaches(name, STRANGER, POSTGRES, 5432)
    assert not reaches(name, STRANGER, KAFKA, 9092)
    twin = Pod("twin", POSTGRES.labels, POSTGRES.ports)
    assert reaches(name, twin, POSTGRES, 5432)
    assert reaches(name, Pod("twin", KAFKA.labels, KAFKA.ports), KAFKA, 9090)


def test_a_policy_selects_by_labels_and_namespace() -> None:
    assert is_selected({}, {"a": "1"})
    assert not is_selected(None, {"a": "1"})
    assert is_selected({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, {"a": "2"})
    assert not is_selected({"matchLabels": {"a": "1"}, "matchExpressions": []}, {"a": "2"})
