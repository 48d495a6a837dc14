"""What the merged OpenAPI document says beside its paths: server, contact, tags by service, headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

INFO: Document = {
    "contact": {"name": "The operator of this system"},
    "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
}
SERVERS: list[Document] = [
    {"url": "/", "description": "The gateway that serves this document, local or production", "x-internal": False}
]
BEARER = "A JWT as RFC8725 has it: signed by a pinned asymmetric algorithm; issuer, audience and expiry are checked."
HEADERS: Document = {
    "RateLimit": {
        "description": "What remains of the window, and the seconds until more is granted"
        " (draft-ietf-httpapi-ratelimit-headers); absent where there is no limit or the caller is not known",
        "schema": {"type": "string", "maxLength": 100, "pattern": '^"(?:principal|address|token)";r=[0-9]+;t=[0-9]+$'},
        "example": '"principal";r=4999;t=1',
    },
    "RateLimit-Policy": {
        "description": "How many requests a principal may send within how many seconds; without a bearer token: an"
        " address, or who has the token of the path",
        "schema": {"type": "string", "maxLength": 100, "pattern": '^"(?:principal|address|token)";q=[0-9]+;w=[0-9]+$'},
        "example": '"principal";q=5000;w=1',
    },
    "Retry-After": {
        "description": "Seconds after which asking again makes sense",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 3600},
    },
}
_EVERY, _LATER = ("RateLimit", "RateLimit-Policy"), ("Retry-After",)


def add_headers(document: Document) -> None:
    """Refers to the headers of the gateway in every answer of the document, those in components too."""
    document["components"]["headers"] = HEADERS
    for answers in (*_answers(document), document["components"].get("responses", {})):
        for status, answer in answers.items():
            if "$ref" not in answer:
                names = (*_EVERY, *(_LATER if status.endswith(("429", "503")) else ()))
                given = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                answer["headers"] = answer.get("headers", {}) | given


def _answers(document: Document) -> list[Document]:
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    return [operation["responses"] for operation in operations if "responses" in operation]


def add_tags(document: Document, described: Mapping[str, list[Document]]) -> None:
    """The tags of the document in the order of the services, and which belong together (`x-tagGroups`).

    `described` are the tags of each service; its operations carry them already.
    """
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    used = {tag for operation in operations for tag in operation.get("tags", ())}
    groups = {name: [tag for tag in tags if tag["name"] in used] for name, tags in described.items()}
    document["tags"] = [tag for tags in groups.values() for tag in tags]
    document["x-tagGroups"] = [
        {"name": name, "tags": [tag["name"] for tag in tags]} for name, tags in groups.items() if tags
    ]
