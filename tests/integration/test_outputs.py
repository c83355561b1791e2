"""One webhook told by e-mail, by Apprise, to an address and to a program, on the loop of the window too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
import pytest
from PySide6.QtWidgets import QLineEdit

from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.ui.lines_edit import LinesEdit
from tests.fakes import MemorySecretStore, eventually, until
from tests.fakes_http import FakeServer, Recorded, Reply
from tests.fakes_smtp import MailServer, make_certificates
from tests.integration.windows import running_shell, unnamed

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from metarr_desktop.app.core import Core

pytestmark = pytest.mark.qt_loop
PASSWORD, TOKEN = "hush hush", "hush-token"


async def set_up(core: Core, *, mail: MailServer, server: FakeServer, program: Path) -> None:
    where = f"127.0.0.1:{server.port}"
    await core.commands.save_service(
        "email",
        Draft(
            values={
                "host": "127.0.0.1",
                "port": mail.port,
                "username": "anna",
                "sender": "Metarr <metarr@example.org>",
                "recipients": "anna@example.org, gone@example.org",
            },
            secrets={"password": PASSWORD},
        ),
        enabled=True,
    )
    await core.commands.save_service(
        "webhook",
        Draft(secrets={"url": f"http://{where}/hook?{TOKEN}", "headers": f"X-Token: {TOKEN}\nX-Room: den"}),
        enabled=True,
    )
    await core.commands.save_service(
        "apprise",
        Draft(secrets={"urls": f"json://{where}/one/{TOKEN}\njson://{where}/two/{TOKEN}"}),
        enabled=True,
    )
    await core.commands.save_service(
        "command", Draft(values={"program": str(program), "confirmed": True}), enabled=True
    )


async def post(core: Core, body: bytes) -> None:
    listening = core.queries.listening()
    assert listening is not None
    url = f"http://127.0.0.1:{listening.port}/webhooks/radarr"
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        assert answer.status == 200


async def test_everybody_is_told_and_no_secret_is_on_the_disk(
    qapp: QApplication, tmp_path: Path, download: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = make_certificates(tmp_path)
    monkeypatch.setenv("METARR_SMTP_CA", str(certificates.ca))
    monkeypatch.setenv("METARR_TMDB_IMAGE_BASE", "http://127.0.0.1:1")
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$METARR_TITLE" > "{tmp_path}/told"\n')
    program.chmod(0o755)

    def respond(request: Recorded) -> Reply:
        return Reply(status=400, body=request.body + TOKEN.encode()) if request.path == "/hook" else Reply()

    secrets = MemorySecretStore()
    async with MailServer(certificates) as mail, FakeServer(respond) as server:
        mail.answers["gone@example.org"] = f"550 No {PASSWORD} here"
        async with running_shell(tmp_path, qapp, secrets=secrets) as (core, _):
            await set_up(core, mail=mail, server=server, program=program)
            await post(core, download)

            async def done() -> bool:
                return not await core.queries.jobs() and bool(await core.queries.recent())

            await eventually(done, within=30)
            (family,) = await core.queries.recent()
            ended = {record.type: record for record in family.records}
            page = repr(family)
        assert {kind: record.status for kind, record in ended.items() if kind.startswith("notify")} == {
            "notify-email": EndStatus.COMPLETED,
            "notify-apprise": EndStatus.COMPLETED,
            "notify-webhook": EndStatus.FAILED,
            "notify-command": EndStatus.COMPLETED,
        }
        assert mail.mails[0].recipients == ("anna@example.org",)
        assert mail.mails[0].message["Subject"] == "The Matrix (1999)"
        assert (tmp_path / "told").read_text() == "The Matrix (1999)"
        (hook,) = [each for each in server.requests if each.path == "/hook"]
        assert hook.headers["X-Room"] == "den"
        assert json.loads(hook.body)["media"]["tmdb_id"] == 603
        assert len(server.requests) == 3
    assert secrets.secrets["webhook/headers"] == f"X-Token: {TOKEN}\nX-Room: den"
    assert "hush" not in page
    for path in (tmp_path / "data").rglob("*"):
        assert path.is_dir() or b"hush" not in path.read_bytes(), path


@pytest.mark.parametrize("key", ["email", "apprise", "webhook", "command"])
async def test_each_has_its_page(qapp: QApplication, tmp_path: Path, key: str) -> None:
    async with running_shell(tmp_path, qapp) as (_core, shell):
        shell.open_settings(key)
        await until(lambda: shell.settings._page().key == key and "command" in shell.settings._pages)
        page = shell.settings._page()
        await until(lambda: page.findChildren(QLineEdit))
        assert unnamed(shell.settings) == []
        assert len(page.findChildren(LinesEdit)) == (0 if key == "email" else 1)
