"""HTTP application of the customer service; as a process: `python -m services.customer.app`."""

from __future__ import annotations

from fastapi import FastAPI

from kit.process import api_lifespan, serve_api
from kit.runtime import Runtime, make_runtime
from kit.web.app import create_service_app
from services.customer.access import PERMISSIONS
from services.customer.api import ROUTERS
from services.customer.roles import REACHES
from services.customer.settings import Settings

TITLE = "crmesh customer"


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
    """Factory for uvicorn: `uvicorn --factory services.customer.app:from_environment`."""
    runtime = make_runtime(Settings())
    return create_app(runtime, api_lifespan(runtime))


if __name__ == "__main__":
    serve_api(Settings(), create_app)
