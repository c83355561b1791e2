from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, MetarrError, NotSetUp, Permanent, Transient
from metarr_desktop.domain.events import Notice, NoticeKind
from metarr_desktop.services import email as module
from metarr_desktop.services.email import SERVICE, EmailConfig, EmailNotifier
from metarr_desktop.services.forms import check_field
from metarr_desktop.services.smtp import Conversation
from tests.fakes import FakeClock, MemoryNotes, tools, until
from tests.fakes_http import DROP as DROP_HTTP
from tests.fakes_http import FakeServer, Reply, unused_port
from tests.fakes_smtp import DROP, PASSWORD, USER, Certificates, MailServer, make_certificates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from email.message import EmailMessage

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.http import Http

    Make = Callable[..., Notification]

HOSTILE = "\u202eevil\u0000\ud800 <b>&amp;</b>\r\nBcc: x@example.org\x1b[31m \N{CLAPPER BOARD}"
POSTER = "https://image.tmdb.org/t/p/original/abc.jpg"
JPEG = b"\xff\xd8\xff\xe0 a picture"
ANNA, BEN, CLEO = "anna@example.org", "ben@example.org", "cleo@example.org"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def mail(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MailServer]:
    monkeypatch.setenv("METARR_SMTP_CA", str(certificates.ca))
    async with MailServer(certificates) as server:
        yield server


@pytest.fixture
def notifier(http: Http, notes: MemoryNotes) -> EmailNotifier:
    return EmailNotifier(tools(http, FakeClock(), notes=notes))


def config(server: MailServer | int, **values: Any) -> EmailConfig:
    port, security = (server, "none") if isinstance(server, int) else (server.port, server.security)
    login = {} if isinstance(server, int) else {"username": USER, "password": SecretStr(PASSWORD)}
    given = {
        "host": "127.0.0.1",
        "port": port,
        "security": security,
        "sender": "Metarr <metarr@example.org>",
        "recipients": f"{ANNA}, {BEN}",
    }
    return EmailConfig(**{**given, **login, **values})


async def refusal(notifier: EmailNotifier, using: EmailConfig, told: Notification) -> MetarrError:
    with pytest.raises(MetarrError) as caught:
        await notifier.send(using, told)
    shown = f"{caught.value!r} {caught.value.__cause__!r}"
    assert "hush" not in shown
    return caught.value


async def test_a_film_becomes_one_message_to_all(
    mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    delivery = await notifier.send(config(mail), replace(notification(), job_id=7))
    assert str(delivery.detail) == "Accepted by 127.0.0.1 for 2 recipient(s)."
    assert delivery.message_id == "2.0.0 Queued as ABC123"
    assert delivery.warnings == ()
    (sent,) = mail.mails
    assert (sent.sender, sent.recipients) == ("metarr@example.org", (ANNA, BEN))
    message = sent.message
    assert message["Subject"] == "The Matrix (1999)"
    assert message["From"] == "Metarr <metarr@example.org>"
    assert message["To"] == f"{ANNA}, {BEN}"
    assert message["Date"] == "Tue, 24 Nov 2026 12:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Metarr-Job"] == "7"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == [
        "The Matrix (1999)",
        "",
        "Downloaded in Bluray-1080p",
        "",
        "https://www.themoviedb.org/movie/603",
        "",
        "-- ",
        "Sent by Metarr Desktop",
    ]
    page = html.get_content()
    assert '<a href="https://www.themoviedb.org/movie/603">' in page
    assert "color-scheme" in page
    assert "<img" not in page
    assert mail.logins == [(USER, PASSWORD)]
    assert mail.commands == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("security", ["tls", "none"])
async def test_tls_from_the_start_and_none_work_too(
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    notifier: EmailNotifier,
    notification: Make,
    security: str,
) -> None:
    monkeypatch.setenv("METARR_SMTP_CA", str(certificates.ca))
    async with MailServer(certificates, security=security) as server:
        await notifier.send(config(server, host="localhost"), notification())
        assert len(server.mails) == 1
        assert server.logins == [(USER, PASSWORD)]


@pytest.mark.parametrize("words", [HOSTILE, HOSTILE * 400, "\N{CLAPPER BOARD}" * 40_000, "", "\x00 \ud800"])
async def test_hostile_text_stays_inside_its_message(
    mail: MailServer, notifier: EmailNotifier, notification: Make, words: str
) -> None:
    await notifier.send(config(mail), notification(title=words, body=words, link="javascript:alert(1)"))
    message = mail.mails[0].message
    assert mail.mails[0].recipients == (ANNA, BEN)
    assert message["Bcc"] is None
    assert len(message["Subject"]) <= 200
    html = message.get_body(("html",))
    assert html is not None
    assert "<b>" not in html.get_content()
    assert "javascript" not in mail.mails[0].raw.decode()


async def test_what_comes_from_a_template_is_html_of_its_own(
    mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    told = replace(notification(title="Tom &amp; Jerry", body="<b>New</b><br>4 &lt; 5"), marked=True)
    await notifier.send(config(mail), told)
    message = mail.mails[0].message
    assert message["Subject"] == "Tom & Jerry"
    html, plain = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert "<b>New</b><br>4 &lt; 5" in html.get_content()
    assert plain is not None
    assert "New\n4 < 5" in plain.get_content().replace("\r", "")


async def test_a_notice_can_be_mailed(mail: MailServer, notifier: EmailNotifier, notification: Make) -> None:
    notice = Notice(source="radarr", kind=NoticeKind.HEALTH, message="No indexers")
    await notifier.send(config(mail), replace(notification(), event=notice))
    assert len(mail.mails) == 1


async def test_the_message_id_is_the_same_for_every_try_of_a_job(
    mail: MailServer, http: Http, notes: MemoryNotes, notification: Make
) -> None:
    told = replace(notification(), job_id=12)
    for days in (0, 1, 40):
        clock = FakeClock()
        clock.advance(timedelta(days=days))
        await EmailNotifier(tools(http, clock, notes=notes)).send(config(mail), told)
    first, *others = [each.message["Message-ID"] for each in mail.mails]
    assert others == [first, first]
    assert first.endswith(".12@example.org>")
    await EmailNotifier(tools(http, FakeClock())).send(config(mail), told)
    assert mail.mails[-1].message["Message-ID"] != first


@pytest.mark.parametrize(
    ("written", "envelope"),
    [
        (f"{ANNA};{BEN}\n{CLEO},", (ANNA, BEN, CLEO)),
        (f"Anna <{ANNA}>, {ANNA}", (ANNA,)),
        ("info@b\u00fccher.example", ("info@xn--bcher-kva.example",)),
        ("root@localhost", ("root@localhost",)),
    ],
)
async def test_recipients_are_written_as_people_write_them(
    mail: MailServer, notifier: EmailNotifier, notification: Make, written: str, envelope: tuple[str, ...]
) -> None:
    await notifier.send(config(mail, recipients=written), notification())
    assert mail.mails[0].recipients == envelope


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("recipients", "anna", "anna is no e-mail address."),
        ("recipients", f"{ANNA}, b en@example.org", "b en@example.org is no e-mail address."),
        ("recipients", ", ;", "Enter an e-mail address, such as anna@example.org."),
        ("recipients", ",".join(f"a{n}@b.c" for n in range(51)), "At most 50 recipients are possible."),
        ("recipients", "a@-b.org", "a@-b.org is no e-mail address."),
        ("recipients", "a..b@c.org", "a..b@c.org is no e-mail address."),
        ("recipients", "a@[127.0.0.1]", "is no e-mail address."),
        ("sender", "Metarr", "Enter an e-mail address, such as anna@example.org."),
        ("sender", "Metarr <a@b>\r\nBcc: c@d.org", "Enter an e-mail address"),
        ("host", "smtp.example.org:587", "Enter only the address or the name"),
        ("username", "a\nb", "A user name has no line ends"),
        ("security", "ssl", "Encryption is one of: starttls, tls, none."),
    ],
)
def test_wrong_settings_are_told(field: str, value: str, words: str) -> None:
    assert words in str(check_field(SERVICE, field, value))


async def test_letters_of_every_language_need_a_server_that_takes_them(
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    mail: MailServer,
    notifier: EmailNotifier,
    notification: Make,
) -> None:
    await notifier.send(config(mail, recipients="j\u00f6rg@example.org"), notification())
    assert mail.mails[0].recipients == ("j\u00f6rg@example.org",)
    async with MailServer(certificates, utf8=False) as old:
        error = await refusal(notifier, config(old, recipients="j\u00f6rg@example.org"), notification())
        assert isinstance(error, Permanent)
        assert "no SMTPUTF8" in str(error)
        assert not old.mails


async def test_who_is_refused_for_good_is_named_and_the_others_have_it(
    mail: MailServer, notifier: EmailNotifier, notes: MemoryNotes, notification: Make
) -> None:
    mail.answers[BEN] = "550 5.1.1 No such user"
    delivery = await notifier.send(config(mail), replace(notification(), job_id=3))
    assert str(delivery.detail) == "Accepted by 127.0.0.1 for 1 recipient(s)."
    assert [str(each) for each in delivery.warnings] == [f"{BEN} was refused: 550 5.1.1 No such user"]
    assert set(notes.kept) == {"installation"}


async def test_only_who_was_put_off_is_sent_to_again(
    mail: MailServer, http: Http, notes: MemoryNotes, notification: Make
) -> None:
    using, told = config(mail, recipients=f"{ANNA}, {BEN}, {CLEO}"), replace(notification(), job_id=3)
    mail.answers |= {BEN: "450 4.2.0 Greylisted", CLEO: "550 No such user"}
    error = await refusal(EmailNotifier(tools(http, FakeClock(), notes=notes)), using, told)
    assert isinstance(error, Transient)
    assert str(error) == f"Sent to {ANNA}, but not yet to {BEN}: 450 4.2.0 Greylisted"
    del mail.answers[BEN]
    after_restart = EmailNotifier(tools(http, FakeClock(), notes=notes))
    delivery = await after_restart.send(using, told)
    assert [each.recipients for each in mail.mails] == [(ANNA,), (BEN,)]
    assert mail.mails[0].message["Message-ID"] == mail.mails[1].message["Message-ID"]
    assert str(delivery.detail) == "Accepted by 127.0.0.1 for 2 recipient(s)."
    assert [str(each) for each in delivery.warnings] == [f"{CLEO} was refused: 550 No such user"]
    assert set(notes.kept) == {"installation"}


async def test_a_try_whose_first_recipients_have_it_ends_well_even_if_the_rest_is_refused(
    mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    told = replace(notification(), job_id=3)
    mail.answers[BEN] = "450 later"
    await refusal(notifier, config(mail), told)
    mail.answers[BEN] = "550 never"
    delivery = await notifier.send(config(mail), told)
    assert [str(each) for each in delivery.warnings] == [f"{BEN} was refused: 550 never"]


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ("450 4.2.0 Greylisted", Transient, f"The mail server is not ready: {ANNA}: 450"),
        ("550 5.1.1 No such user", Permanent, f"The mail server refused every recipient: {ANNA}: 550"),
    ],
)
async def test_a_message_nobody_may_have_is_told_by_its_reasons(
    mail: MailServer,
    notifier: EmailNotifier,
    notification: Make,
    answer: str,
    outcome: type[MetarrError],
    words: str,
) -> None:
    mail.answers |= {ANNA: answer, BEN: answer}
    error = await refusal(notifier, config(mail), replace(notification(), job_id=1))
    assert type(error) is outcome
    assert str(error).startswith(words)
    assert "DATA" not in mail.commands


@pytest.mark.parametrize(
    ("stage", "answer", "outcome", "words"),
    [
        ("CONNECT", "421 Too busy", Transient, "The mail server is not ready: 421 Too busy"),
        ("CONNECT", "554 No service here", Permanent, "refused the message: 554 No service here"),
        ("MAIL", "451 Later", Transient, "The mail server is not ready: 451 Later"),
        ("MAIL", "553 Not your address", Permanent, "refused the message: 553 Not your address"),
        ("MAIL", "530 5.7.0 Log in first", AuthFailed, "Log-in rejected: 530 5.7.0 Log in first"),
        ("MAIL", "552 5.3.4 Too large", Permanent, "refused the message: 552"),
        ("DATA", "452 Full", Transient, "The mail server is not ready: 452 Full"),
        ("END", "554 5.7.1 Spam", Permanent, "refused the message: 554 5.7.1 Spam"),
        ("END", "451 4.3.0 Try later", Transient, "is not ready: 451"),
        ("STARTTLS", "454 4.7.0 TLS not available", Transient, "is not ready: 454"),
        ("AUTH", "454 4.7.0 Temporary failure", Transient, "is not ready: 454"),
        ("AUTH", "535 5.7.8 Bad", AuthFailed, "Check user name and password."),
        ("AUTH", "534 5.7.9 Application-specific password required", AuthFailed, "wants an app password"),
        ("AUTH", "535 5.7.139 Basic authentication is disabled", AuthFailed, "switched off log-in"),
        ("AUTH", "550 5.7.1 Account closed", AuthFailed, "Log-in rejected: 550"),
        ("CONNECT", DROP, Transient, ""),
        ("EHLO", DROP, Transient, "closed the connection"),
        ("STARTTLS", DROP, Transient, ""),
        ("MAIL", DROP, Transient, "closed the connection"),
        ("RCPT", DROP, Transient, "closed the connection"),
        ("DATA", DROP, Transient, "closed the connection"),
        ("END", DROP, Transient, "closed the connection before it confirmed"),
    ],
)  # fmt: skip
async def test_each_answer_has_its_outcome(
    mail: MailServer,
    notifier: EmailNotifier,
    notification: Make,
    stage: str,
    answer: str,
    outcome: type[MetarrError],
    words: str,
) -> None:
    mail.answers[stage] = answer
    error = await refusal(notifier, config(mail), replace(notification(), job_id=1))
    assert type(error) is outcome, str(error)
    assert words in str(error)
    assert mail.commands.count("MAIL") <= 1


async def test_a_wrong_password_is_tried_once_and_never_shown(
    mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    wrong = config(mail, password=SecretStr("hush-wrong"))
    error = await refusal(notifier, wrong, notification())
    assert isinstance(error, AuthFailed)
    assert mail.logins == [(USER, "hush-wrong")]
    assert not mail.mails


@pytest.mark.parametrize("methods", [("LOGIN",), ("PLAIN",)])
async def test_the_way_of_logging_in_is_one_the_server_offers(
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    notifier: EmailNotifier,
    notification: Make,
    methods: tuple[str, ...],
) -> None:
    monkeypatch.setenv("METARR_SMTP_CA", str(certificates.ca))
    async with MailServer(certificates, methods=methods) as server:
        await notifier.send(config(server), notification())
        assert server.logins == [(USER, PASSWORD)]


async def test_a_way_of_logging_in_that_is_only_promised_gives_way_to_the_next(
    mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    mail.answers["AUTH PLAIN"] = "504 5.5.4 Not supported after all"
    await notifier.send(config(mail), notification())
    assert mail.logins == [(USER, PASSWORD)] * 2
    assert len(mail.mails) == 1


async def test_a_server_without_log_in_is_told(
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    notifier: EmailNotifier,
    notification: Make,
) -> None:
    monkeypatch.setenv("METARR_SMTP_CA", str(certificates.ca))
    async with MailServer(certificates, methods=()) as server:
        error = await refusal(notifier, config(server), notification())
        assert isinstance(error, Permanent)
        assert "offers no log-in" in str(error)
        delivered = await notifier.send(config(server, username="", password=SecretStr("")), notification())
        assert delivered.warnings == ()


async def test_nothing_goes_in_clear_where_starttls_is_not_offered(
    certificates: Certificates, notifier: EmailNotifier, notification: Make
) -> None:
    async with MailServer(certificates, security="none") as server:
        error = await refusal(notifier, config(server, security="starttls"), notification())
        assert isinstance(error, Permanent)
        assert "does not offer STARTTLS" in str(error)
        assert server.logins == []
        assert set(server.commands) <= {"EHLO", "QUIT"}


async def test_a_password_without_encryption_leaves_this_computer_only_when_it_is_allowed(
    notifier: EmailNotifier, notification: Make
) -> None:
    far = config(1, host="192.0.2.1", username=USER, password=SecretStr(PASSWORD))
    error = await refusal(notifier, far, notification())
    assert isinstance(error, NotSetUp)
    assert "in clear" in str(error)
    (step,) = await notifier.test(far)
    assert not step.ok
    near = far.model_copy(update={"host": "127.0.0.1", "port": await unused_port(), "insecure": True})
    assert isinstance(await refusal(notifier, near, notification()), Transient)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"password": SecretStr("")}, "Enter the password"),
        ({"username": ""}, "Enter the user name"),
    ],
)
async def test_half_a_log_in_is_no_log_in(
    mail: MailServer, notifier: EmailNotifier, notification: Make, values: dict[str, Any], words: str
) -> None:
    error = await refusal(notifier, config(mail, **values), notification())
    assert isinstance(error, NotSetUp)
    assert words in str(error)


async def test_the_wrong_mode_is_named_with_the_right_one(
    certificates: Certificates, mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    error = await refusal(notifier, config(mail, security="tls"), notification())
    assert isinstance(error, Permanent)
    assert "does not begin with TLS. Choose STARTTLS" in str(error)
    async with MailServer(certificates, security="tls") as server:
        conversation = Conversation(config(server, security="starttls"), connect_s=0.3)
        with pytest.raises(Transient, match="gave no greeting") as caught:
            await conversation.open()
        await conversation.close()
        assert "choose TLS" in str(caught.value)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_of_nobody_known_is_not_trusted(
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    notifier: EmailNotifier,
    notification: Make,
    security: str,
) -> None:
    monkeypatch.delenv("METARR_SMTP_CA", raising=False)
    async with MailServer(certificates, security=security) as server:
        error = await refusal(notifier, config(server), notification())
        assert isinstance(error, Permanent)
        assert str(error).startswith("Certificate not trusted: ")
        assert server.logins == []
        monkeypatch.setenv("METARR_SMTP_CA", "/nowhere/ca.pem")
        assert isinstance(await refusal(notifier, config(server), notification()), NotSetUp)


async def test_a_silent_server_is_given_up(
    mail: MailServer, notifier: EmailNotifier, notification: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE_S", 0.5)
    mail.answers["MAIL"] = "hang"
    error = await refusal(notifier, config(mail), notification())
    assert isinstance(error, Transient)
    assert str(error) == "The mail server did not answer in time."


async def test_a_server_that_hangs_at_the_good_bye_has_the_message(
    mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    mail.answers["QUIT"] = DROP
    await notifier.send(config(mail), notification())
    assert len(mail.mails) == 1


async def test_giving_up_half_way_leaves_no_connection(
    mail: MailServer, notifier: EmailNotifier, notification: Make
) -> None:
    mail.answers["MAIL"] = "hang"
    task = asyncio.ensure_future(notifier.send(config(mail), notification()))
    await until(lambda: "MAIL" in mail.commands)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_test_logs_in_and_sends_nothing(mail: MailServer, notifier: EmailNotifier) -> None:
    steps = await notifier.test(config(mail))
    assert [(str(step.name), step.ok) for step in steps] == [
        ("Connection", True),
        ("Log-in", True),
        ("Server", True),
    ]
    assert "encrypted" in str(steps[0].detail)
    assert mail.commands == ["EHLO", "STARTTLS", "EHLO", "NOOP", "QUIT"]
    failed = await notifier.test(config(mail, password=SecretStr("hush-wrong")))
    assert [step.ok for step in failed] == [True, False]
    assert "hush" not in repr(failed)


async def test_a_test_of_the_wrong_port_says_what_is_wrong(
    certificates: Certificates, notifier: EmailNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TEST_S", 0.3)
    async with MailServer(certificates, security="tls") as server:
        (step,) = await notifier.test(config(server, security="none"))
        assert "choose TLS" in str(step.detail)


async def test_a_test_without_encryption_says_so(certificates: Certificates, notifier: EmailNotifier) -> None:
    async with MailServer(certificates, security="none", login=False) as server:
        steps = await notifier.test(config(server, username="", password=SecretStr("")))
        assert "without encryption" in str(steps[0].detail)
        assert all(step.ok for step in steps)


def test_waits_between_tries_are_minutes() -> None:
    assert [each.total_seconds() for each in SERVICE.retry.delays] == [60, 300, 900]


@pytest.fixture
def tmdb(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    monkeypatch.setenv("METARR_TMDB_IMAGE_BASE", server.url)
    server.respond = lambda _: Reply(body=JPEG, headers={"Content-Type": "image/jpeg"})
    return server


def picture_of(message: EmailMessage) -> EmailMessage | None:
    found = [part for part in message.walk() if part.get_content_maintype() == "image"]
    return found[0] if found else None


async def test_the_poster_is_a_part_of_the_page(
    mail: MailServer, notifier: EmailNotifier, notification: Make, tmdb: FakeServer
) -> None:
    await notifier.send(config(mail), replace(notification(poster_url=POSTER), job_id=7))
    message = mail.mails[0].message
    assert message.get_content_type() == "multipart/alternative"
    plain, related = message.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert related.get_content_type() == "multipart/related"
    picture, page = picture_of(message), message.get_body(("html",))
    assert picture is not None
    assert page is not None
    assert (picture.get_content_type(), picture.get_content()) == ("image/jpeg", JPEG)
    assert picture.get_content_disposition() == "inline"
    shown = str(picture["Content-ID"]).strip("<>")
    assert shown.endswith("@example.org")
    assert f'<img src="cid:{shown}"' in page.get_content()
    assert "http" not in page.get_content().partition("<img")[2].partition(">")[0]
    assert tmdb.last.path == "/t/p/w342/abc.jpg"


@pytest.mark.parametrize(
    "reply",
    [Reply(status=404), Reply(body=b"<html>", headers={"Content-Type": "text/html"}), Reply(fault=DROP_HTTP)],
)
async def test_without_its_poster_the_message_goes_out_as_well(
    mail: MailServer, notifier: EmailNotifier, notification: Make, tmdb: FakeServer, reply: Reply
) -> None:
    tmdb.respond = lambda _: reply
    delivery = await notifier.send(config(mail), replace(notification(poster_url=POSTER), job_id=7))
    assert delivery.warnings == ()
    message = mail.mails[0].message
    assert picture_of(message) is None
    assert b"cid:" not in mail.mails[0].raw


async def test_a_server_for_small_messages_gets_it_without_the_poster(
    mail: MailServer, notifier: EmailNotifier, notification: Make, tmdb: FakeServer
) -> None:
    mail.size = 1_000_000
    await notifier.send(config(mail), replace(notification(poster_url=POSTER), job_id=7))
    assert picture_of(mail.mails[0].message) is None
    assert tmdb.requests


async def test_who_wants_no_poster_has_none_fetched(
    mail: MailServer, notifier: EmailNotifier, notification: Make, tmdb: FakeServer
) -> None:
    await notifier.send(config(mail, poster=False), replace(notification(poster_url=POSTER), job_id=7))
    assert picture_of(mail.mails[0].message) is None
    assert not tmdb.requests
