"""HTTP application of the targets service; as a process: `python -m services.targets.app`."""

from __future__ import annotations

from fastapi import FastAPI

from kit.process import api_lifespan, serve_api
from kit.runtime import Runtime, make_runtime
from kit.web.app import create_service_app
from services.targets.access import PERMISSIONS
from services.targets.api import ROUTERS
from services.targets.roles import REACHES
from services.targets.settings import Settings

TITLE = "crmesh targets"


def create_app(runtime: Runtime, lifespan: object | None = None) -> FastAPI:
    """The application on a runtime that its owner starts and stops."""
    return create_service_app(
        runtime,
        title=TITLE,
        description=__doc__ or "",
        routers=ROUTERS,
        permissions=PERMISSIONS,
        reaches=REACHES,
        lifespan=lifespan,
    )


def from_environment() -> FastAPI:
    """Factory for uvicorn: `uvicorn --factory services.targets.app:from_environment`."""
    runtime = make_runtime(Settings())
    return create_app(runtime, api_lifespan(runtime))


if __name__ == "__main__":
    serve_api(Settings(), create_app)
