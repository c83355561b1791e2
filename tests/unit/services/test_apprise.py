from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import NotSetUp, Transient
from metarr_desktop.services import apprise as module
from metarr_desktop.services.apprise import SERVICE, AppriseConfig, AppriseNotifier, read_urls
from metarr_desktop.services.daemon_thread import in_daemon_thread
from metarr_desktop.services.forms import check_field
from tests.fakes import FakeClock, MemoryNotes, tools
from tests.fakes_http import HANG, FakeServer, Recorded, Reply, unused_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]


@pytest.fixture
def notifier(http: Http, notes: MemoryNotes) -> AppriseNotifier:
    return AppriseNotifier(tools(http, FakeClock(), notes=notes))


def config(*urls: str) -> AppriseConfig:
    return AppriseConfig(urls=SecretStr("\n".join(urls)))


def address(server: FakeServer, path: str = "hush-path") -> str:
    return f"json://anna:hush-word@127.0.0.1:{server.port}/{path}"


async def test_a_film_is_handed_to_every_address(
    server: FakeServer, notifier: AppriseNotifier, notification: Make, notes: MemoryNotes
) -> None:
    server.respond = lambda _request: Reply()
    delivery = await notifier.send(
        config("# at home", address(server, "one"), "", address(server, "two")),
        replace(notification(), job_id=1),
    )
    assert str(delivery.detail) == "Sent through Apprise to JSON."
    assert {each.path for each in server.requests} == {"/one", "/two"}
    told = server.last.json
    assert told["title"] == "The Matrix (1999)"
    assert told["message"] == "Downloaded in Bluray-1080p\n\nhttps://www.themoviedb.org/movie/603"
    assert told["attachments"] == []
    assert set(notes.kept) == {"installation"}


async def test_only_the_addresses_that_failed_are_tried_again(
    server: FakeServer, http: Http, notification: Make, notes: MemoryNotes
) -> None:
    down = True

    def respond(request: Recorded) -> Reply:
        return Reply(status=500 if down and request.path == "/two" else 200)

    server.respond = respond
    using, told = config(address(server, "one"), address(server, "two")), replace(notification(), job_id=1)
    with pytest.raises(Transient) as caught:
        await AppriseNotifier(tools(http, FakeClock(), notes=notes)).send(using, told)
    assert "JSON (address 2): " in str(caught.value)
    assert "500" in str(caught.value)
    assert "hush" not in f"{caught.value!r} {notes.kept}"
    down = False
    server.requests.clear()
    await AppriseNotifier(tools(http, FakeClock(), notes=notes)).send(using, told)
    assert [each.path for each in server.requests] == ["/two"]
    assert set(notes.kept) == {"installation"}


async def test_the_reasons_are_kept_without_secrets_and_stay_out_of_the_log(
    server: FakeServer, notifier: AppriseNotifier, notification: Make, caplog: pytest.LogCaptureFixture
) -> None:
    class Log(logging.Handler):
        lines: ClassVar[list[str]] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.lines.append(record.getMessage())

    server.respond = lambda _request: Reply(status=401, body=b"hush-word hush-path")
    log = Log()
    logging.getLogger().addHandler(log)
    with caplog.at_level(logging.DEBUG), pytest.raises(Transient) as caught:
        await notifier.send(config(address(server)), notification())
    logging.getLogger().removeHandler(log)
    assert "401" in str(caught.value)
    assert "hush" not in f"{caught.value!r} {log.lines}"
    closed = f"json://127.0.0.1:{await unused_port()}/hush-path"
    with pytest.raises(Transient, match="onnection error"):
        await notifier.send(config(closed), notification())


async def test_a_redirect_is_no_delivery(
    server: FakeServer, notifier: AppriseNotifier, notification: Make
) -> None:
    server.respond = lambda request: (
        Reply(status=302, headers={"Location": "/login"}) if request.method == "POST" else Reply()
    )
    with pytest.raises(Transient):
        await notifier.send(config(address(server)), notification())
    assert [each.method for each in server.requests] == ["POST"]


async def test_an_address_apprise_does_not_know_waits_for_a_person(
    server: FakeServer, notifier: AppriseNotifier, notification: Make
) -> None:
    server.respond = lambda _request: Reply()
    with pytest.raises(NotSetUp, match="does not understand address 2"):
        await notifier.send(config(address(server), "nosuch://hush"), notification())
    (step,) = await notifier.test(config(address(server), "nosuch://hush"))
    assert not step.ok
    assert "address 2" in str(step.detail)
    assert "hush" not in repr(step)


async def test_a_test_reads_the_addresses_and_sends_nothing(
    server: FakeServer, notifier: AppriseNotifier
) -> None:
    (step,) = await notifier.test(config(address(server), "ntfy://hush-topic"))
    assert step.ok
    assert "2 address(es): JSON, ntfy" in str(step.detail)
    assert server.requests == []


async def test_a_hanging_service_holds_up_nobody(
    server: FakeServer, notifier: AppriseNotifier, notification: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ONE_S", 0.5)
    server.respond = lambda request: Reply(fault=HANG if request.path == "/slow" else "")
    sending = asyncio.ensure_future(
        notifier.send(config(address(server, "slow"), address(server, "fast")), notification())
    )
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(0.01)
    assert asyncio.get_running_loop().time() - began < 0.4
    with pytest.raises(Transient, match=r"no answer within 0\.5 s"):
        await sending
    assert {each.path for each in server.requests} == {"/slow", "/fast"}


async def test_without_the_extra_it_says_how_to_install_it(
    notifier: AppriseNotifier, notification: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(NotSetUp) as caught:
        await notifier.send(config("json://127.0.0.1"), notification())
    assert 'pip install "metarr-desktop[apprise]"' in str(caught.value)
    (step,) = await notifier.test(config("json://127.0.0.1"))
    assert not step.ok


def test_nothing_of_it_is_imported_before_it_is_used() -> None:
    code = (
        "import sys; import metarr_desktop.services.registry; "
        "print(sorted({'apprise', 'aiosmtplib', 'requests', 'aiohttp'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"


async def test_what_a_thread_raises_reaches_who_waits_and_nobody_else() -> None:
    def fail() -> None:
        raise ValueError("told")

    with pytest.raises(ValueError, match="told"):
        await in_daemon_thread(fail, name="fails")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "Enter the addresses."),
        ("# nothing\n", "Enter an Apprise address, such as ntfy://my-topic."),
        ("json://a\nntfy", "Line 2 is no Apprise address"),
        ("json://a b", "Line 1 is no Apprise address"),
        ("\n".join(f"json://a{n}" for n in range(21)), "At most 20 addresses are possible."),
    ],
)
def test_wrong_settings_are_told(value: str, words: str) -> None:
    assert words in str(check_field(SERVICE, "urls", value))


def test_the_same_address_twice_is_one() -> None:
    assert read_urls("json://a\n json://a \n#x\njson://b") == ("json://a", "json://b")


def test_a_failure_is_tried_again_twice_at_most() -> None:
    assert SERVICE.retry.max_retries == 2
