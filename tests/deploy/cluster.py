"""What an overlay makes in a cluster, as far as its objects tell: pods, settings, who may reach whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from deploy.tools.manifests import Object, overlay

Labels = Mapping[str, str]
WORKLOADS = ("Deployment", "Job")


@dataclass(frozen=True)
class Pod:
    """A pod that may come to be, ours or an operator's. `ports`: by name. `address`: of something outside."""

    name: str
    labels: Labels
    ports: Mapping[str, int]
    namespace: str = "crmesh"
    address: str = ""


def of_kind(name: str, *kinds: str) -> list[Object]:
    return [one for one in overlay(name) if one["kind"] in kinds]


def workloads(name: str) -> list[Object]:
    return of_kind(name, *WORKLOADS)


def template(workload: Object) -> Object:
    found: Object = workload["spec"]["template"]
    return found


def container(workload: Object) -> Object:
    (found,) = template(workload)["spec"]["containers"]
    return dict(found)


def component(workload: Object) -> str:
    return str(template(workload)["metadata"]["labels"]["app.kubernetes.io/component"])


def service(workload: Object) -> str:
    return str(template(workload)["metadata"]["labels"]["app.kubernetes.io/name"])


def environment(name: str, workload: Object) -> dict[str, str]:
    """Every variable of the workload's container; those from Secrets have the value `secret:NAME/KEY`."""
    return environment_among(of_kind(name, "ConfigMap"), workload)


def environment_among(objects: Sequence[Object], workload: Object) -> dict[str, str]:
    """`environment` of a workload with the ConfigMaps among some objects."""
    maps = {one["metadata"]["name"]: one.get("data", {}) for one in objects if one["kind"] == "ConfigMap"}
    values: dict[str, str] = {}
    for source in container(workload).get("envFrom", []):
        values |= maps[source["configMapRef"]["name"]]
    for one in container(workload).get("env", []):
        reference = one["valueFrom"]["secretKeyRef"]
        values[one["name"]] = f"secret:{reference['name']}/{reference['key']}"
    return values


def command(name: str, workload: Object) -> list[str]:
    """The command with $(VARIABLES) filled in, as the kubelet does it."""
    words: list[str] = container(workload)["command"]
    for variable, value in environment(name, workload).items():
        words = [word.replace(f"$({variable})", value) for word in words]
    return words


def pods(name: str) -> list[Pod]:
    """One pod of each workload."""
    return [
        Pod(
            one["metadata"]["name"],
            template(one)["metadata"]["labels"],
            {port["name"]: port["containerPort"] for port in container(one).get("ports", [])},
        )
        for one in workloads(name)
    ]


def is_selected(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether a label selector takes the labels; no selector takes nothing, an empty one everything."""
    if selector is None:
        return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def is_peer(peer: Mapping[str, Any], other: Pod, own_namespace: str) -> bool:
    if "ipBlock" in peer:
        return bool(other.address) and ip_address(other.address) in ip_network(peer["ipBlock"]["cidr"])
    if other.address:
        return False
    if "namespaceSelector" in peer:
        if not is_selected(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace}):
            return False
    elif other.namespace != own_namespace:
        return False
    return "podSelector" not in peer or is_selected(peer["podSelector"], other.labels)


def has_port(ports: Sequence[Mapping[str, Any]], target: Pod, number: int) -> bool:
    if not ports:
        return True
    return any(number == target.ports.get(port["port"], port["port"]) for port in ports)


def is_let(name: str, direction: str, own: Pod, other: Pod, target: Pod, number: int) -> bool:
    """Whether the policies of `own` (egress or ingress) let it talk with `other` at a port of `target`."""
    concerned = [
        one["spec"]
        for one in of_kind(name, "NetworkPolicy")
        if direction.capitalize() in one["spec"]["policyTypes"] and is_selected(one["spec"]["podSelector"], own.labels)
    ]
    side = "to" if direction == "egress" else "from"
    for spec in concerned:
        for rule in spec.get(direction, []):
            peers = rule.get(side)
            named = peers is None or any(is_peer(peer, other, own.namespace) for peer in peers)
            if named and has_port(rule.get("ports", []), target, number):
                return True
    return not concerned


def reaches(name: str, source: Pod, target: Pod, number: int) -> bool:
    """Whether a connection from one pod to a port of another comes through; outsiders have no policies of ours."""
    out = bool(source.address) or source.namespace != "crmesh" or is_let(name, "egress", source, target, target, number)
    into = (
        bool(target.address) or target.namespace != "crmesh" or is_let(name, "ingress", target, source, target, number)
    )
    return out and into


def flows(name: str, everybody: Sequence[Pod]) -> Iterator[tuple[str, str, int]]:
    """(from, to, port) of every connection that comes through between different pods."""
    for source in everybody:
        for target in everybody:
            for number in target.ports.values():
                if source is not target and reaches(name, source, target, number):
                    yield source.name, target.name, number
