from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import FakeSession

OFFERS = [{"key": "a", "title": "nas"}, {"key": "b", "title": "attic"}]


def state(version: int, phase: str, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"code": "", "link": "", "until": None, "offers": [], "warnings": []}
    return {"id": 7, "service": "plex", "version": version, "phase": phase, "words": phase, **empty, **more}


class Answers:
    """States one after the other; the last one stays."""

    def __init__(self, session: FakeSession, *states: Any) -> None:
        self.left = list(states)
        self.session = session
        call = session.call

        def told(action: str, **params: Any) -> Any:
            answer = call(action, **params)
            if action in {"sign_in_begin", "sign_in_state"}:
                answer = self.left.pop(0) if len(self.left) > 1 else self.left[0]
                if isinstance(answer, BaseException):
                    raise answer
            return answer

        session.call = told  # type: ignore[method-assign]

    def named(self, action: str) -> list[dict[str, Any]]:
        return [params for name, params in self.session.calls if name == action]


def test_code_and_link_are_shown_once_and_what_comes_is_saved(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = state(2, "waiting", words="Type this:", code="123456", link="https://x/y")
    done = state(5, "done", words="Signed in.", warnings=["Take care."])
    answers = Answers(session, state(1, "working"), waiting, waiting, done)
    session.answers["sign_in_save"] = {"saved": ["url", "api_key"]}
    assert run("service", "sign-in", "jellyfin") == 0
    told = capsys.readouterr()
    assert told.out == "Type this:\n  123456\nhttps://x/y\nSigned in.\nSaved: url, api_key.\n"
    assert told.err == "Take care.\n"
    assert answers.named("sign_in_begin") == [{"service": "jellyfin"}]
    assert answers.named("sign_in_state") == [{"id": 7, "after": 1}, *[{"id": 7, "after": 2}] * 2]
    assert answers.named("sign_in_save") == [{"id": 7, "until_quit": False}]
    assert not answers.named("sign_in_cancel")


def test_one_of_several_is_chosen_by_its_number(
    run: Callable[..., int],
    session: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n"))
    answers = Answers(session, state(3, "choosing", words="Which?", offers=OFFERS), state(4, "done"))
    session.answers["sign_in_save"] = {"saved": ["url"]}
    assert run("service", "sign-in", "plex", "--until-quit") == 0
    assert answers.named("sign_in_choose") == [{"id": 7, "offer": "b"}]
    assert answers.named("sign_in_save") == [{"id": 7, "until_quit": True}]
    assert "  1  nas\n  2  attic\n" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["", "0\n", "3\n", "nas\n"])
def test_a_number_that_was_not_offered_ends_it(
    run: Callable[..., int],
    session: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    answers = Answers(session, state(3, "choosing", offers=OFFERS))
    assert run("service", "sign-in", "plex") == 2
    assert answers.named("sign_in_cancel") == [{"id": 7}]
    assert "from 1 to 2" in capsys.readouterr().err


def test_ctrl_c_ends_the_sign_in_in_the_program_too(run: Callable[..., int], session: FakeSession) -> None:
    answers = Answers(session, state(2, "waiting"), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run("service", "sign-in", "plex")
    assert answers.named("sign_in_cancel") == [{"id": 7}]
    assert not answers.named("sign_in_save")


def test_a_failure_is_told_and_nothing_is_saved(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = Answers(session, state(2, "failed", words="The code has expired."))
    assert run("service", "sign-in", "plex") == 1
    assert capsys.readouterr().err == "The code has expired.\n"
    assert not answers.named("sign_in_save")


def test_what_was_found_is_told_with_the_words_that_set_it_up(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    kodi = {"service": "kodi", "title": "Kodi", "name": "Living room", "address": "192.168.1.40:8080"}
    session.answers["find_services"] = {
        "found": [
            {**kodi, "values": {"host": "192.168.1.40", "port": 8080}, "set_up": False, "adds": False},
            {**kodi, "name": "Office", "values": {}, "set_up": True, "adds": True},
            {**kodi, "name": "$(rm)", "values": {"host": "a;b"}, "set_up": False, "adds": True},
        ],
        "failures": ["Plex was not looked for."],
    }
    assert run("service", "find") == 0
    told = capsys.readouterr()
    assert "service set kodi host=192.168.1.40 port=8080" in told.out
    assert "already set up" in told.out
    assert "kodi player add Default 'name=$(rm)' 'host=a;b'" in told.out
    assert told.err == "Plex was not looked for.\n"
    assert run("service", "find", "--json") == 0
    session.answers["find_services"] = {"found": [], "failures": []}
    assert run("service", "find") == 0
    assert "Nothing was found." in capsys.readouterr().out
