"""Any JSON object at all is understood, ignored with a reason, or refused in plain words."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Ignored, MediaEvent, Notice, read_event
from metarr_desktop.webhooks.body import read_object
from metarr_desktop.webhooks.fanout import needs_scan
from metarr_desktop.webhooks.sources.registry import SOURCES as ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metarr_desktop.webhooks.sources.declaration import Source

SAMPLES = Path(__file__).parents[4] / "resources" / "samples"
SOURCES = [source for source in ALL if source.routed]
LARGEST_PAYLOAD = 32_000
quick = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Walk every node below the top."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def bodies(source: Source) -> list[dict[str, Any]]:
    return [read_object(path.read_bytes()) for path in sorted((SAMPLES / source.key).glob("*.json"))]


EVENTS = sorted({str(body[source.event_key]) for source in SOURCES for body in bodies(source)})
KEYS = sorted(
    {str(path[-1]) for source in SOURCES for body in bodies(source) for path in places(body)} | {"author"}
)
words = st.sampled_from(
    [
        *("", " ", "\0", "\ud800", "../..", "/", "C:\\", "//x", "true", "upgrade", "http://[", "https://x y"),
        *("Season 01/x.mkv", "/movies/x", "\N{CLAPPER BOARD}" * 3_000, "x" * 5_000, "a\r\nb\u2028c\u202e"),
        "{source}",
    ]
)
leaves = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**70), 0.5, -0.0, 1e308])
    | words
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


def check(source: Source, body: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    try:
        found = source.parse(body)
    except Permanent as error:
        said = str(error.text)
        assert said.startswith(source.title)
        assert said.endswith(".")
        return
    assert body == before, "a body is evidence: nobody changes it"
    if isinstance(found, Ignored):
        assert str(found.reason).endswith(".")
        assert "\n" not in found.title
        return
    assert isinstance(found, MediaEvent | Notice)
    stored = json.dumps(found.to_payload())
    assert len(stored) < LARGEST_PAYLOAD
    assert read_event(json.loads(stored)) == found
    assert found.display_title
    assert not any(ord(character) < 32 for character in found.display_title)
    assert not needs_scan(found) or source.key in {"radarr", "whisparr"}
    if isinstance(found, MediaEvent):
        assert not any(
            ".." in file.replace("\\", "/").split("/") for file in (*found.files, *found.old_files)
        )


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.key))
@quick
@given(data=st.data())
def test_an_object_with_any_of_the_senders_words_in_it(source: Source, data: st.DataObject) -> None:
    body = data.draw(st.dictionaries(st.sampled_from(KEYS), values, max_size=8))
    body[source.event_key] = data.draw(st.sampled_from(EVENTS) | leaves)
    check(source, body)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.key))
@quick
@given(data=st.data())
def test_a_real_body_with_anything_in_the_place_of_anything(source: Source, data: st.DataObject) -> None:
    body = copy.deepcopy(data.draw(st.sampled_from(bodies(source))))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(places(body)) or [("x",)]))
        node = body
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = data.draw(values)
    check(source, body)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.key))
@quick
@given(data=st.data())
def test_a_real_body_that_names_another_event(source: Source, data: st.DataObject) -> None:
    body = dict(data.draw(st.sampled_from(bodies(source))))
    body[source.event_key] = data.draw(st.sampled_from(EVENTS))
    check(source, body)
