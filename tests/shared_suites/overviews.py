"""What every overview keeps to: a part says what its own operation answers the same caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.testing.service import ServiceHarness
from kit.web.overviews import Operation, state_of


async def overview(service: ServiceHarness, path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The overview at `path`."""
    answer = await service.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def agrees(
    service: ServiceHarness,
    path: str,
    parts: Mapping[str, Operation],
    values: Mapping[str, str],
    subject: str,
    role: str,
) -> dict[str, str]:
    """Compare each part of the overview with what its operation answers alone; the states found, by part."""
    headers = service.headers(subject, role)
    found = await overview(service, path, headers)
    assert found.keys() == {*values, *parts}
    for name, operation in parts.items():
        alone = await service.get(operation.text().removeprefix("GET ").format(**values), headers=headers)
        assert found[name]["state"] == state_of(alone.status_code), (found[name], alone.text)
        if alone.status_code == 200:
            assert (found[name]["data"], found[name]["reason"]) == (alone.json(), None)
        else:
            assert (found[name]["data"], found[name]["reason"]) == (None, alone.json()["code"])
    return {name: found[name]["state"] for name in parts}
