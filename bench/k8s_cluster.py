"""The overlay `smoke` on the node of KUBECONFIG, and what an operator does to it. Not a figure: `bench.k8s` uses it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from joserfc.jwk import ECKey

from deploy.tools.manifests import Object
from deploy.tools.server import apply, found, kubectl, on_top
from standalone.registry import SERVICES

NAMESPACE = "crmesh"
READY = "600s"
KEY = "issuer-key.pem"


@dataclass(frozen=True)
class Kind:
    """Deployments of one kind."""

    name: str
    deployments: tuple[str, ...]


def kinds() -> Sequence[Kind]:
    """All Deployments by kind."""
    return (
        Kind("gateway", ("gateway",)),
        Kind("api", tuple(f"{service}-api" for service in SERVICES)),
        Kind("worker", tuple(f"{service}-worker" for service in SERVICES)),
    )


class Cluster:
    """The namespace of the smoke. `address`: of the node; `url`: of the gateway's Service, reached from here."""

    def __init__(self) -> None:
        (node,) = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
        addresses = {one["type"]: one["address"] for one in node["status"]["addresses"]}
        self.address = addresses["InternalIP"]
        self.version = node["status"]["nodeInfo"]["kubeletVersion"]
        self.url = ""

    async def prepare(self, postgres: str) -> None:
        """Namespace and Secrets, as the installation page says."""
        objects = self.objects("none")
        await asyncio.to_thread(apply, [one for one in objects if one["kind"] == "Namespace"])
        key = ECKey.generate_key("P-256").as_pem(private=True).decode()
        secrets = [secret("development-issuer", {KEY: key})]
        secrets += [
            secret(f"{service}-secrets", {"CRMESH_POSTGRES": postgres, "CRMESH_SECRET": "development"})
            for service in SERVICES
        ]
        await asyncio.to_thread(apply, secrets)

    def objects(self, image: str) -> list[Object]:
        """The overlay for this node and an image."""
        name, _, tag = image.rpartition(":")
        cidr = [{"op": "replace", "path": "/spec/egress/0/to/0/ipBlock/cidr", "value": f"{self.address}/32"}]
        return on_top(
            "smoke",
            namespace=NAMESPACE,
            images=[{"name": "crmesh", "newName": name or "crmesh", "newTag": tag}],
            configMapGenerator=[
                {"name": "services", "behavior": "merge", "literals": [f"CRMESH_KAFKA={self.address}:9092"]}
            ],
            patches=[{"target": {"kind": "NetworkPolicy", "name": "postgres|kafka"}, "patch": yaml.safe_dump(cidr)}],
        )

    async def install(self, image: str) -> list[dict[str, Any]]:
        """The first start; rows with the time of its parts."""
        began = time.monotonic()
        await asyncio.to_thread(apply, self.objects(image))
        applied = time.monotonic()
        await self._run("wait", "job", "--all", "--for=condition=complete", f"--timeout={READY}")
        migrated = time.monotonic()
        await self._settled()
        (service,) = [one for one in found(NAMESPACE, "services") if one["metadata"]["name"] == "gateway"]
        self.url = f"http://{service['spec']['clusterIP']}"
        return [
            {"step": "apply", "seconds": round(applied - began, 1)},
            {"step": "migrate Jobs complete", "seconds": round(migrated - applied, 1)},
            {"step": "all Deployments ready", "seconds": round(time.monotonic() - migrated, 1)},
        ]

    async def deploy(self, image: str) -> None:
        """Another version, as the upgrade page says: the finished Jobs go, the rest is applied."""
        await self._run("delete", "job", "-l", "app.kubernetes.io/component=migrate", "--ignore-not-found")
        await asyncio.to_thread(apply, self.objects(image))
        await self._run("wait", "job", "--all", "--for=condition=complete", f"--timeout={READY}")
        await self._settled()

    async def restart(self, deployment: str) -> None:
        """kubectl rollout restart, until it is done and the former pods have ended."""
        await self._run("rollout", "restart", f"deployment/{deployment}")
        await self._rolled(deployment)

    async def delete_pod(self, deployment: str) -> None:
        """kubectl delete pod of one of them, until another is ready."""
        pod = pods_of(deployment)[0]["metadata"]["name"]
        await self._run("delete", "pod", pod)
        await self._rolled(deployment)

    async def scale(self, deployment: str, replicas: int) -> None:
        """kubectl scale, until so many are ready and no other is left."""
        await self._run("scale", f"deployment/{deployment}", f"--replicas={replicas}")
        await self._rolled(deployment)

    async def _settled(self) -> None:
        for kind in kinds():
            for deployment in kind.deployments:
                await self._rolled(deployment)

    async def _rolled(self, deployment: str) -> None:
        await self._run("rollout", "status", f"deployment/{deployment}", f"--timeout={READY}")
        for _ in range(240):
            if not any(map(is_ending, await asyncio.to_thread(pods_of, deployment))):
                return
            await asyncio.sleep(0.5)
        raise TimeoutError(f"a pod of {deployment} does not end")

    async def remove(self) -> None:
        """The namespace with everything in it."""
        await asyncio.to_thread(
            kubectl, "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true", "--timeout=300s"
        )

    def describe(self) -> str:
        """What is there, and why pods are not ready."""
        warnings = kubectl("-n", NAMESPACE, "get", "events", "--field-selector", "type=Warning")
        return kubectl("-n", NAMESPACE, "get", "pods,jobs") + "\n".join(warnings.splitlines()[-30:])

    async def _run(self, *arguments: str) -> str:
        return await asyncio.to_thread(kubectl, "-n", NAMESPACE, *arguments)


def pods_of(deployment: str) -> list[dict[str, Any]]:
    """Pods of a Deployment, those that end too."""
    name, _, component = deployment.rpartition("-")
    labels = {"app.kubernetes.io/name": name or component, "app.kubernetes.io/component": component}
    return found(NAMESPACE, "pods", "-l", ",".join(f"{key}={value}" for key, value in labels.items()))


def is_ending(pod: dict[str, Any]) -> bool:
    """Whether the pod was told to end."""
    return "deletionTimestamp" in pod["metadata"]


def secret(name: str, data: dict[str, str]) -> Object:
    """A Secret of text values."""
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}
