"""What a pod of a rendered overlay is started with: the kubelet's part, for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from deploy.tools.manifests import Object
from kit.settings import ServiceSettings
from tests.deploy.cluster import environment_among

Secrets = Mapping[str, Mapping[str, str | Path]]


def started(folder: Path, objects: Sequence[Object], name: str, secrets: Secrets, **more: str) -> ServiceSettings:
    """Settings of a Deployment's pod: variables of its ConfigMaps and Secrets, Secrets as files below `folder`.

    `secrets` has the values by name and key (a path: what is in that file); `more` takes the place of variables, as an
    overlay on top does.
    """
    (made,) = [one for one in objects if (one["kind"], one["metadata"]["name"]) == ("Deployment", name)]
    spec = made["spec"]["template"]["spec"]
    mounts = {one["name"]: one["mountPath"] for one in spec["containers"][0]["volumeMounts"]}
    for volume in spec["volumes"]:
        if "secret" in volume:
            place = folder / mounts[volume["name"]].lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            for key, value in secrets[volume["secret"]["secretName"]].items():
                (place / key).write_text(value if isinstance(value, str) else value.read_text())
                (place / key).chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in (environment_among(objects, made) | more).items():
            if value.startswith("secret:"):
                of, key = value.removeprefix("secret:").split("/")
                if key in secrets[of]:
                    patch.setenv(variable, str(secrets[of][key]))
            elif value.startswith("/etc/crmesh/"):
                patch.setenv(variable, str(folder / value.lstrip("/")))
            else:
                patch.setenv(variable, value)
        return ServiceSettings()
