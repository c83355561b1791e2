"""The OpenAPI document of the API, made from the table that also routes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

from metarr_desktop.app.api_forms import ErrorJson, MessageJson
from metarr_desktop.app.api_request import NothingMore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metarr_desktop.app.api_declaration import Operation, Parameter

OPENAPI = "3.1.0"
REFERENCE = "#/components/schemas/{model}"
ERROR = {"$ref": REFERENCE.format(model="ErrorJson")}
ABOUT = (
    "The API of Metarr Desktop. Every request needs its key: metarr-desktop api key show. Times are ISO 8601"
    " in UTC. Forms may gain members and lose none. docs/api.md has an example of each operation."
)
EVERYWHERE = (401, 403, 429, 431, 503)
"""Errors that every operation can have."""
ERRORS: Mapping[int, str] = {
    400: "What was sent cannot be understood",
    401: "The key is wrong or missing",
    403: "Web pages, and computers that are not allowed, are not answered",
    404: "There is no such thing",
    408: "The body did not arrive in time",
    409: "It cannot be done now",
    413: "The body is too large",
    415: "The body is no JSON",
    429: "Too many wrong keys came from this address",
    431: "The headers are too large",
    503: "Metarr Desktop cannot answer now",
}
KEYS: Mapping[str, Mapping[str, str]] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "apikey"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "The key is the password."},
}

Shape = tuple[str, Literal["validation", "serialization"], TypeAdapter[Any]]


def document(operations: Sequence[Operation], *, version: str, base_path: str = "") -> dict[str, Any]:
    """Return the whole document; ``base_path`` comes before every path."""
    schemas, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(f"/api/v1{each.path}", {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": OPENAPI,
        "info": {"title": "Metarr Desktop", "version": version, "description": ABOUT},
        "servers": [{"url": base_path or "/"}],
        "paths": paths,
        "security": [{name: []} for name in KEYS],
        "components": {"schemas": definitions, "securitySchemes": {**KEYS}},
    }


def _schemas(operations: Iterable[Operation]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Schemas of results and bodies by operation, and the definitions they refer to."""
    shapes: list[Shape] = [
        ("error", "serialization", TypeAdapter(ErrorJson)),
        ("message", "serialization", TypeAdapter(MessageJson)),
    ]
    for each in operations:
        shapes.append((each.name, "serialization", TypeAdapter(each.result)))
        if each.method == "POST":
            shapes.append((f"{each.name} body", "validation", TypeAdapter(each.body or NothingMore)))
    found, rest = TypeAdapter.json_schemas(shapes, ref_template=REFERENCE)
    return {name: schema for (name, _), schema in found.items()}, rest["$defs"]


def _operation(each: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "parameters": [_parameter(parameter) for parameter in each.parameters],
        "responses": {"200": _result(each, schemas[each.name]), **_errors(each)},
    }
    if each.about:
        told["description"] = each.about
    if each.method == "POST":
        needed = any(field.is_required() for field in (each.body or NothingMore).model_fields.values())
        told["requestBody"] = {"required": needed, "content": _content(schemas[f"{each.name} body"])}
    return told


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": parameter.longest}
    if parameter.whole:
        schema = {"type": "integer", "minimum": parameter.least, "maximum": parameter.most}
    if parameter.choices:
        schema = {"type": "string", "enum": [str(each) for each in parameter.choices]}
    if parameter.default is not None:
        schema["default"] = parameter.default
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.about,
        "schema": schema,
    }


def _result(each: Operation, schema: object) -> dict[str, Any]:
    told: dict[str, Any] = {"description": each.summary, "content": _content(schema)}
    if any(parameter.name == "limit" for parameter in each.parameters):
        about = 'The page after this one, as <address>; rel="next". At the end there is none.'
        told["headers"] = {"Link": {"description": about, "schema": {"type": "string"}}}
    return told


def _errors(each: Operation) -> dict[str, Any]:
    statuses = {*EVERYWHERE, *each.errors}
    if each.parameters or each.method == "POST":
        statuses.add(400)
    if each.method == "POST":
        statuses |= {408, 413, 415}
    return {
        str(status): {"description": ERRORS[status], "content": _content(ERROR)}
        for status in sorted(statuses)
    }


def _content(schema: object) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
