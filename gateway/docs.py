"""API documentation page that needs no other host: assets come from the swagger-ui-bundle package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import orjson
from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException

from gateway.openapi import MergedDocument, for_swagger_4
from kit.web.queries import known_only

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
# Lets the browser itself refuse anything from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>crmesh API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# validatorUrl: the page would otherwise load a badge from a public validator.
_START = """SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "none",
});
"""


def asset_folder() -> Path:
    """Folder of the installed swagger-ui-bundle (the package has one version inside, and no type information)."""
    spec = find_spec("swagger_ui_bundle")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package swagger-ui-bundle is not installed")
    return next((Path(spec.origin).parent / "vendor").glob("swagger-ui-*"))


def docs_router(document: MergedDocument) -> APIRouter:
    """The page, its assets and the OpenAPI document."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(known_only)])
    folder = asset_folder()

    @router.get("/docs")
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})

    @router.get("/docs/start.js")
    async def start() -> Response:
        return Response(_START, media_type="text/javascript")

    @router.get("/docs/assets/{name}")
    async def asset(name: str) -> FileResponse:
        if name not in ASSETS:
            raise HTTPException(404)
        cached = {"Cache-Control": "public, max-age=86400"}
        return FileResponse(folder / name, media_type=ASSETS[name], headers=cached)

    @router.get("/docs/openapi.json")
    async def readable() -> Response:
        return _json(for_swagger_4(await document.get()))

    @router.get("/openapi.json")
    async def openapi() -> Response:
        return _json(await document.get())

    return router


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
