"""A real Postfix: what it refuses, puts off and delivers, with STARTTLS and with TLS from the start."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import AuthFailed, Permanent, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.email import EmailConfig, EmailNotifier
from metarr_desktop.services.http import Http
from tests.fakes import FakeClock, tools, until
from tests.fakes_http import unused_port
from tests.fakes_smtp import make_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTFIX = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
DAEMONS = Path("/usr/lib/postfix/sbin")
pytestmark = [
    pytest.mark.skipif(POSTFIX is None or not DAEMONS.is_dir(), reason="postfix is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="postfix is started as root only"),
]
ANNA, BEN = "anna@example.org", "ben@example.org"
GREY, NOBODY = "greylisted@example.org", "nobody@example.org"
EVENT = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Am\u00e9lie",
    year=2001,
    folder="/movies/Am\u00e9lie (2001)",
)
FILM = Notification(title="Am\u00e9lie (2001)", body="Downloaded in Bluray-1080p", event=EVENT, job_id=5)
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
mail_owner = postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.test
mydestination =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {{{anna} = anna}}, {{{ben} = ben}} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_recipient_restrictions =
    check_recipient_access inline:{{ {{{grey} = 450 4.2.0 Greylisted}} }}, permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/etc/server.pem
smtpd_tls_session_cache_database =
"""
MASTER = """\
127.0.0.1:{starttls} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
127.0.0.1:{tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:{none} inet n - n - - smtpd -o smtpd_tls_security_level=none
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """A running Postfix of this test's own."""

    folder: Path
    ports: dict[str, int]

    def config(self, security: str = "starttls", *, recipients: str = ANNA) -> EmailConfig:
        return EmailConfig.model_validate(
            {
                "host": "localhost",
                "port": self.ports[security],
                "security": security,
                "sender": "Metarr <metarr@example.org>",
                "recipients": recipients,
            }
        )

    def mailbox(self, name: str) -> list[bytes]:
        path = self.folder / "mail" / name
        if not path.exists():
            return []
        return [f"From {each}".encode() for each in path.read_text().split("\nFrom ") if each.strip()]


@contextmanager
def running(folder: Path, ports: dict[str, int]) -> Iterator[Postfix]:
    assert POSTFIX is not None
    owner, group = pwd.getpwnam("postfix"), grp.getgrnam("postfix")
    for name in ("queue", "data", "mail"):
        (folder / name).mkdir()
    for name in ("data", "mail"):
        os.chown(folder / name, owner.pw_uid, group.gr_gid)
    values = {"folder": folder, "daemons": DAEMONS, "uid": owner.pw_uid, "gid": group.gr_gid}
    names = {"anna": ANNA, "ben": BEN, "grey": GREY}
    (folder / "etc/main.cf").write_text(MAIN.format(**values, **names))
    (folder / "etc/master.cf").write_text(MASTER.format(**ports))
    command = [POSTFIX, "-c", str(folder / "etc")]
    subprocess.run([*command, "start"], check=True, capture_output=True, timeout=30)
    try:
        yield Postfix(folder=folder, ports=ports)
    finally:
        subprocess.run([*command, "abort"], check=True, capture_output=True, timeout=30)


@pytest.fixture
async def postfix(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postfix]:  # type: ignore[misc]
    # Its processes, which are not root, have to reach into the folder.
    folder = Path(tempfile.mkdtemp(prefix="metarr-postfix-"))
    folder.chmod(0o755)
    (folder / "etc").mkdir()
    certificates = make_certificates(folder / "etc")
    pair = certificates.key.read_text() + certificates.chain.read_text()
    (folder / "etc/server.pem").write_text(pair)
    (folder / "etc/server.pem").chmod(0o600)
    monkeypatch.setenv("METARR_SMTP_CA", str(certificates.ca))
    ports = {name: await unused_port() for name in ("starttls", "tls", "none")}
    try:
        with running(folder, ports) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def notifier() -> EmailNotifier:
    return EmailNotifier(tools(Http(), FakeClock()))


async def test_postfix_delivers_what_it_is_given_in_every_mode(postfix: Postfix) -> None:
    sending = notifier()
    for n, security in enumerate(("starttls", "tls", "none"), start=1):
        steps = await sending.test(postfix.config(security))
        assert all(step.ok for step in steps), steps
        delivery = await sending.send(postfix.config(security), replace(FILM, job_id=n))
        assert "queued as" in (delivery.message_id or "")
    await until(lambda: len(postfix.mailbox("anna")) == 3, within=20)
    messages = [message_from_bytes(each, policy=default) for each in postfix.mailbox("anna")]
    assert {message["Subject"] for message in messages} == {"Am\u00e9lie (2001)"}
    assert len({message["Message-ID"] for message in messages}) == 3
    received = " ".join(message["Received"] for message in messages)
    assert received.count("with ESMTPS id") == 2


async def test_who_postfix_refuses_is_named_and_who_it_puts_off_gets_it_later(postfix: Postfix) -> None:
    sending = notifier()
    using = postfix.config(recipients=f"{ANNA}, {BEN}, {GREY}, {NOBODY}")
    for _ in range(2):
        with pytest.raises(Transient) as caught:
            await sending.send(using, FILM)
        assert f"Sent to {ANNA}, {BEN}, but not yet to {GREY}: 450 4.2.0" in str(caught.value)
    without = postfix.config(recipients=f"{ANNA}, {BEN}, {NOBODY}")
    delivery = await sending.send(without, FILM)
    assert [str(each).partition(":")[0] for each in delivery.warnings] == [f"{NOBODY} was refused"]
    await until(lambda: postfix.mailbox("anna") and postfix.mailbox("ben"), within=20)
    assert (len(postfix.mailbox("anna")), len(postfix.mailbox("ben"))) == (1, 1)
    with pytest.raises(Permanent, match="550"):
        await sending.send(postfix.config(recipients=NOBODY), replace(FILM, job_id=6))


async def test_the_wrong_mode_of_postfix_is_named(postfix: Postfix) -> None:
    ports = postfix.ports
    right = postfix.config("tls")
    wrong = right.model_copy(update={"port": ports["starttls"]})
    with pytest.raises(Permanent, match="Choose STARTTLS"):
        await notifier().send(wrong, FILM)
    plain = postfix.config("none").model_copy(update={"port": ports["starttls"]})
    with pytest.raises(AuthFailed, match=r"530.*choose STARTTLS"):
        await notifier().send(plain, FILM)
