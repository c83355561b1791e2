from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import FakeSession

FORM = {
    "service": "pushover",
    "fields": [
        {"name": "token", "secret": True, "title": "Application token"},
        {"name": "user_key", "secret": True, "title": "User key"},
        {"name": "device", "secret": False, "title": "Device"},
    ],
}


def kodi(*, configured: bool) -> list[dict[str, Any]]:
    return [
        {
            "key": "kodi",
            "title": "Kodi",
            "enabled": True,
            "configured": configured,
            "state": "not_tested",
            "detail": None,
        }
    ]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return typed


def test_secrets_are_read_from_standard_input_in_the_order_given(
    run: Callable[..., int],
    session: FakeSession,
    typed: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    session.answers["service_form"] = FORM
    typed("uuu\r\nttt\nrest\n")
    assert run("service", "set", "pushover", "user_key=-", "device=phone", "token=-") == 0
    assert session.calls[-1] == (
        "service_set",
        {
            "service": "pushover",
            "values": {"device": "phone"},
            "secrets": {"user_key": "uuu", "token": "ttt"},
            "until_quit": False,
        },
    )
    told = capsys.readouterr()
    assert "ttt" not in told.out + told.err
    assert told.out == "Saved: user_key, device, token.\n"


def test_a_plain_field_may_be_read_from_standard_input_too(
    run: Callable[..., int], session: FakeSession, typed: Callable[[str], None]
) -> None:
    session.answers["service_form"] = FORM
    typed("phone\n")
    assert run("service", "set", "pushover", "device=-", "--until-quit") == 0
    assert session.calls[-1][1]["values"] == {"device": "phone"}
    assert session.calls[-1][1]["until_quit"] is True


@pytest.mark.parametrize(
    ("fields", "stdin", "told"),
    [
        (["token=abcdef"], "", "command lines are public"),
        (["token="], "", "Write token=-"),
        (["device=a", "device=b"], "", "device is given twice"),
        (["token=-", "token=-"], "abcdef\nabcdef\n", "token is given twice"),
        (["colour=red"], "", "It has: token, user_key, device"),
        (["token=-", "user_key=-"], "only one\n", "ended before user_key"),
    ],
)
def test_what_is_given_wrongly_saves_nothing_and_shows_no_secret(
    run: Callable[..., int],
    session: FakeSession,
    typed: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    fields: list[str],
    stdin: str,
    told: str,
) -> None:
    session.answers["service_form"] = FORM
    typed(stdin)
    assert run("service", "set", "pushover", *fields) == 2
    assert [action for action, _ in session.calls] == ["service_form"]
    error = capsys.readouterr().err
    assert told in error
    assert "abcdef" not in error


def test_bytes_that_are_no_text_are_told_plainly(
    run: Callable[..., int],
    session: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session.answers["service_form"] = FORM
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8"))
    assert run("service", "set", "pushover", "token=-") == 2
    assert "token is not text" in capsys.readouterr().err


def test_switching_on_what_is_not_set_up_says_what_follows(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["services"] = kodi(configured=False)
    assert run("service", "enable", "kodi") == 0
    assert session.calls[0] == ("service_switch", {"service": "kodi", "enabled": True})
    told = capsys.readouterr()
    assert told.out == "Kodi is on.\n"
    assert "not set up yet" in told.err
    session.answers["services"] = kodi(configured=True)
    assert run("service", "enable", "kodi") == 0
    assert capsys.readouterr().err == ""
    assert run("service", "disable", "kodi") == 0
    assert session.calls[-1] == ("service_switch", {"service": "kodi", "enabled": False})


@pytest.mark.parametrize(("ok", "status", "mark"), [(True, 0, "ok"), (False, 1, "FAIL")])
def test_a_test_prints_its_steps_and_ends_as_it_went(
    run: Callable[..., int],
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
    ok: bool,
    status: int,
    mark: str,
) -> None:
    session.answers["service_test"] = {
        "ok": ok,
        "ms": 5,
        "released": 3 if ok else 0,
        "steps": [{"name": "Connection", "ok": ok, "detail": "Kodi 21.1", "ms": 5}],
    }
    assert run("service", "test", "kodi") == status
    out = capsys.readouterr().out
    assert out.startswith(mark)
    assert "Connection: Kodi 21.1" in out
    assert ("3 waiting messages are being sent." in out) is ok


def test_a_test_sends_something_only_where_it_is_asked_to(
    run: Callable[..., int], session: FakeSession
) -> None:
    session.answers["service_test"] = {"ok": True, "ms": 5, "released": 0, "steps": []}
    assert run("service", "test", "jellyfin") == 0
    assert run("service", "test", "jellyfin", "--send") == 0
    assert session.calls == [
        ("service_test", {"service": "jellyfin"}),
        ("service_test", {"service": "jellyfin", "send": True}),
    ]


def test_what_a_setting_may_be_is_shown_as_a_table_or_as_json(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["service_choices"] = [
        {"field": "device", "value": "iphone", "label": "iphone"},
        {"field": "sound", "value": "my_own", "label": "Door\x1bbell"},
    ]
    assert run("service", "choices", "pushover") == 0
    assert session.calls == [("service_choices", {"service": "pushover"})]
    assert capsys.readouterr().out.splitlines() == [
        "FIELD   VALUE   MEANING",
        "device  iphone  iphone",
        "sound   my_own  Door bell",
    ]
    assert run("service", "choices", "pushover", "--json") == 0
    assert '"value": "iphone"' in capsys.readouterr().out


def test_the_list_says_how_many_messages_are_left(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = kodi(configured=True)
    session.answers["services"] = [{**listed[0], "detail": "Connected.", "quota": "9 of 10 messages left."}]
    assert run("service", "list") == 0
    assert "Connected. 9 of 10 messages left." in capsys.readouterr().out


LINES_FORM = {
    "fields": [
        {"name": "url", "secret": True, "title": "Address", "multiline": False},
        {"name": "headers", "secret": True, "title": "Headers", "multiline": True},
        {"name": "arguments", "secret": False, "title": "Arguments", "multiline": True},
    ]
}


@pytest.mark.parametrize(("given", "read"), [("a: b\nc: d\n", "a: b\nc: d"), ("\n", "")])
def test_what_has_several_lines_is_read_last_and_to_the_end(
    run: Callable[..., int], session: FakeSession, typed: Callable[[str], None], given: str, read: str
) -> None:
    session.answers["service_form"] = LINES_FORM
    typed(f"http://x\n{given}")
    assert run("service", "set", "webhook", "headers=-", "url=-") == 0
    assert session.calls[-1][1]["secrets"] == {"url": "http://x", "headers": read}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (["headers=-"], "ended before headers was read"),
        (
            ["headers=-", "arguments=-"],
            "arguments and headers have several lines: give one of them at a time.",
        ),
        (["headers=-", "headers=-"], "headers is given twice"),
    ],
)
def test_lines_that_are_given_wrongly_save_nothing(
    run: Callable[..., int],
    session: FakeSession,
    typed: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    fields: list[str],
    told: str,
) -> None:
    session.answers["service_form"] = LINES_FORM
    typed("" if len(fields) == 1 else "a: b\n")
    assert run("service", "set", "webhook", *fields) == 2
    assert told in capsys.readouterr().err
