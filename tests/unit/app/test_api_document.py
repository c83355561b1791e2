from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from metarr_desktop.app.api_document import KEYS, document
from metarr_desktop.app.api_operations import OPERATIONS
from metarr_desktop.app.api_refusals import KINDS


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(document(OPERATIONS, version="1.2.3")))
    return made


def operations(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    }


def references(value: Any) -> set[str]:
    """Every schema that is referred to somewhere."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(each) for each in value.values()))
    return set().union(*(references(each) for each in value)) if isinstance(value, list) else set()


def test_it_has_every_operation_of_the_table_and_no_other(told: dict[str, Any]) -> None:
    assert (told["openapi"], told["info"]["version"]) == ("3.1.0", "1.2.3")
    assert set(operations(told)) == {(each.method, f"/api/v1{each.path}") for each in OPERATIONS}
    names = Counter(each["operationId"] for each in operations(told).values())
    assert set(names.values()) == {1}


def test_every_schema_that_is_referred_to_is_there_and_every_one_is_used(told: dict[str, Any]) -> None:
    schemas = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    assert references(told) - schemas == set()
    # Of the messages of the stream only the text of its operation can tell.
    assert schemas - references(told) == {"#/components/schemas/MessageJson"}


def test_every_place_in_a_path_is_a_parameter(told: dict[str, Any]) -> None:
    for (_, path), operation in operations(told).items():
        places = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        required = {each["name"] for each in operation["parameters"] if each["required"]}
        assert (
            places == required == {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        )


def test_every_answer_is_described(told: dict[str, Any]) -> None:
    for (method, path), operation in operations(told).items():
        answers = operation["responses"]
        assert {"200", "401", "431", "503"} <= set(answers)
        assert ("requestBody" in operation, "413" in answers) == (method == "POST", method == "POST")
        assert all(int(status) in {200, *KINDS} for status in answers)
        for answer in answers.values():
            assert answer["content"]["application/json"]["schema"], path


def test_a_body_is_required_where_a_field_of_it_is(told: dict[str, Any]) -> None:
    required = {
        path
        for (_, path), operation in operations(told).items()
        if operation.get("requestBody", {}).get("required")
    }
    assert required == {"/api/v1/scan"}


@pytest.mark.parametrize(("base_path", "url"), [("", "/"), ("/metarr", "/metarr")])
def test_paths_begin_below_the_base_path(base_path: str, url: str) -> None:
    made = document(OPERATIONS, version="1", base_path=base_path)
    assert made["servers"] == [{"url": url}]


def test_the_words_for_states_are_told(told: dict[str, Any]) -> None:
    schemas = told["components"]["schemas"]
    assert schemas["MessageKind"]["enum"] == ["created", "started", "progress", "completed", "failed"]
    assert schemas["JobStatus"]["enum"] == ["pending", "processing"]
    assert schemas["PauseBody"]["additionalProperties"] is False
    assert "from" in schemas["MappingJson"]["properties"]


def test_each_way_to_give_the_key_is_told(told: dict[str, Any]) -> None:
    assert set(told["components"]["securitySchemes"]) == set(KEYS)
    assert [list(each) for each in told["security"]] == [[name] for name in KEYS]
