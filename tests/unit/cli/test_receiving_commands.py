from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.unit.cli.conftest import FakeSession

ADDRESSES = [{"source": "radarr", "title": "Radarr", "url": "http://127.0.0.1:3000/webhooks/radarr"}]


def test_addresses_are_shown_one_a_line(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["receiving_show"] = ADDRESSES
    assert run("receiving", "show") == 0
    assert capsys.readouterr().out == "Radarr: http://127.0.0.1:3000/webhooks/radarr\n"
    assert run("receiving", "show", "--json") == 0
    assert json.loads(capsys.readouterr().out) == ADDRESSES


def test_who_may_send_is_said_back(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("receiving", "allow", "home") == 0
    assert run("receiving", "allow", "local") == 0
    assert run("receiving", "new-key") == 0
    assert session.calls == [
        ("receiving_allow", {"allow": "home"}),
        ("receiving_allow", {"allow": "local"}),
        ("receiving_new_key", {}),
    ]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Your home network may send webhooks."
    assert lines[1] == "Only this computer may send webhooks."
    assert "receiving show" in lines[2]
