from __future__ import annotations

import sys

import pytest

from metarr_desktop.webhooks.open_files import room_for

if sys.platform == "win32":
    pytest.skip("a connection is no file there", allow_module_level=True)
else:
    import resource

MANY = 100_000


@pytest.mark.parametrize(
    ("before", "after", "room"),
    [
        ((256, resource.RLIM_INFINITY), 1_024, 512),
        ((256, MANY), 1_024, 512),
        ((256, 400), 400, 200),
        ((256, 256), 256, 128),
        ((4_096, MANY), 4_096, 600),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), resource.RLIM_INFINITY, 600),
    ],
)
def test_half_of_the_files_are_left_to_the_program(
    monkeypatch: pytest.MonkeyPatch, before: tuple[int, int], after: int, room: int
) -> None:
    limits = {resource.RLIMIT_NOFILE: before}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    assert room_for(600) == room
    assert limits[resource.RLIMIT_NOFILE] == (after, before[1])


def test_a_system_that_allows_no_more_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int, __: tuple[int, int]) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, MANY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert room_for(600) == 128
