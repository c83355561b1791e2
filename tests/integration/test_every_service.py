"""Every service at once: four in trouble hold up none of the others, and recover by themselves."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.routing import Route
from metarr_desktop.services.http import Http, Limits
from metarr_desktop.services.registry import SERVICES
from tests.contract.services.cases import CASES, HUSH_KEY, PUSHOVER_MESSAGE, WEBHOOK
from tests.fake_media_servers import EMBY_KEY, JELLYFIN_KEY, PLEX_TOKEN, FakeEmby, FakeJellyfin, FakePlex
from tests.fakes import MemorySecretStore, eventually
from tests.fakes_http import FakeServer, Recorded, Reply, unused_port
from tests.fakes_smtp import MailServer, make_certificates
from tests.integration.conftest import SAMPLES
from tests.notification_daemon import Daemon, daemon_on, session_bus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import web

__all__ = ["session_bus"]

DOWNLOAD = (SAMPLES / "radarr" / "download.json").read_bytes()
FOLDER = "/movies/The Matrix (1999)"
WITHIN = timedelta(seconds=2)
IN_TROUBLE = frozenset({"kodi", "jellyfin", "discord", "pushover"})
NORMAL = {case.key: case.normal for case in CASES}
WRONG_KEY = "b" * 30
RATE_LIMIT_S = 90
SHORT = Limits(connect=1.0, total=3.0, slow=3.0)
"""A service that hangs is given up long after the others have delivered."""


class HastyClock:
    """The time of this computer, which the test can put forward: whoever sleeps wakes the sooner."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._skipped = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(tz=UTC) + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        due = self.monotonic() + seconds
        while (left := due - self.monotonic()) > 0:
            skipped = self._skipped
            try:
                await asyncio.wait_for(skipped.wait(), left)
            except TimeoutError:
                return

    def skip(self, seconds: float) -> None:
        """Let so much time be over at once."""
        self._ahead += seconds
        skipped, self._skipped = self._skipped, asyncio.Event()
        skipped.set()


class HangingJellyfin(FakeJellyfin):
    """Takes requests, and answers none of them while it hangs."""

    hangs = True
    tried = 0

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.tried += 1
        self.pause = 3600.0 if self.hangs else 0.0
        return await super()._handle(request)


@dataclass(kw_only=True)
class Outside:
    """All the services, as they are when the film comes: four of them in trouble."""

    jellyfin: HangingJellyfin
    emby: FakeEmby
    plex: FakePlex
    mail: MailServer
    web: FakeServer
    daemon: Daemon
    program: Path
    kodi_port: int
    limited: bool = True
    posted: list[str] = field(default_factory=list)
    """What reached Discord, Pushover, the webhook and Apprise."""

    def answer(self, request: Recorded) -> Reply:
        """Be Discord, Pushover and all other addresses of the web."""
        if request.path.startswith("/t/p/"):
            return Reply(body=b"\xff\xd8\xff a picture", headers={"Content-Type": "image/jpeg"})
        if request.path == WEBHOOK:
            return self._discord(request)
        if request.path.startswith("/1/"):
            return self._pushover(request)
        if request.path.startswith("/hooks/"):
            self.posted.append("webhook")
            return NORMAL["webhook"](request)
        assert request.path == "/apprise", request.path
        self.posted.append("apprise")
        return Reply()

    def _discord(self, request: Recorded) -> Reply:
        if request.method == "POST" and self.limited:
            told = {"message": "You are being rate limited.", "retry_after": RATE_LIMIT_S, "global": False}
            return Reply.of_json(told, status=429)
        if request.method == "POST":
            self.posted.append("discord")
        return NORMAL["discord"](request)

    def _pushover(self, request: Recorded) -> Reply:
        sent = request.path == PUSHOVER_MESSAGE
        if WRONG_KEY.encode() in request.body:
            self.posted += ["pushover refused"] if sent else []
            invalid = {"user": "invalid", "errors": ["user identifier is invalid"], "status": 0}
            return Reply.of_json(invalid, status=400)
        if not sent:
            return NORMAL["pushover"](request)
        assert HUSH_KEY.encode() in request.body
        self.posted.append("pushover")
        return Reply.of_json({"status": 1, "request": "647d2300-702c-4b38-8b2f-d56326ae460b"})


@pytest.fixture
async def outside(
    tmp_path: Path, session_bus: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Outside]:
    certificates = make_certificates(tmp_path)
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$METARR_TITLE" >> "{tmp_path}/told"\n')
    program.chmod(0o755)
    async with AsyncExitStack() as stack:
        open_ = stack.enter_async_context
        outside = Outside(
            jellyfin=await open_(HangingJellyfin()),
            emby=await open_(FakeEmby()),
            plex=await open_(FakePlex()),
            mail=await open_(MailServer(certificates)),
            web=await open_(FakeServer()),
            daemon=await open_(daemon_on(session_bus)),
            program=program,
            kodi_port=await unused_port(),
        )
        outside.web.respond = outside.answer
        monkeypatch.setenv("METARR_SMTP_CA", str(certificates.ca))
        for name in ("DISCORD", "PUSHOVER", "TMDB_IMAGE"):
            monkeypatch.setenv(f"METARR_{name}_BASE", outside.web.url)
        yield outside


def drafts(outside: Outside) -> dict[str, Draft]:
    where = outside.web.url
    return {
        "kodi": Draft(
            values={"host": "127.0.0.1", "port": outside.kodi_port, "ws_port": 0, "confirm": False},
            secrets={"password": "hush-kodi"},
        ),
        "jellyfin": Draft(
            values={"url": outside.jellyfin.url, "confirm": False}, secrets={"api_key": JELLYFIN_KEY}
        ),
        "emby": Draft(values={"url": outside.emby.url, "confirm": False}, secrets={"api_key": EMBY_KEY}),
        "plex": Draft(values={"url": outside.plex.url, "confirm": False}, secrets={"token": PLEX_TOKEN}),
        "discord": Draft(secrets={"webhook_url": where + WEBHOOK}),
        "pushover": Draft(secrets={"token": HUSH_KEY, "user_key": WRONG_KEY}),
        "email": Draft(
            values={
                "host": "127.0.0.1",
                "port": outside.mail.port,
                "username": "anna",
                "sender": "metarr@example.org",
                "recipients": "anna@example.org",
            },
            secrets={"password": "hush hush"},
        ),
        "apprise": Draft(secrets={"urls": f"json://127.0.0.1:{outside.web.port}/apprise"}),
        "desktop": Draft(),
        "webhook": Draft(secrets={"url": f"{where}/hooks/hush-webhook", "headers": "X-Token: hush-header"}),
        "command": Draft(values={"program": str(outside.program), "confirmed": True}),
    }


async def ended(core: Core) -> dict[str, tuple[EndStatus, datetime]]:
    """How and when the jobs of the one event ended, by type."""
    (family,) = await core.queries.recent()
    return {record.type: (record.status, record.completed_at) for record in family.records}


async def delivered(core: Core, *keys: str, within: float = 30.0) -> None:
    """Wait until these services have been told; that one failed for good is told at once."""

    async def all_over() -> bool:
        found = await ended(core)
        told = {key: found[f"notify-{key}"][0] for key in keys if f"notify-{key}" in found}
        assert set(told.values()) <= {EndStatus.COMPLETED}, told
        return set(told) == set(keys)

    await eventually(all_over, within=within)


async def post(core: Core) -> None:
    listening = core.queries.listening()
    assert listening is not None
    address = f"http://127.0.0.1:{listening.port}/webhooks/radarr"
    headers = {"Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=DOWNLOAD, headers=headers) as answer,
    ):
        assert answer.status == 200


async def test_four_in_trouble_hold_up_nobody_and_recover_without_a_person_s_retry(
    tmp_path: Path, outside: Outside
) -> None:
    clock = HastyClock()
    every = {service.key for service in SERVICES}
    async with open_core(
        AppPaths(tmp_path / "data"),
        serve=True,
        port=0,
        clock=clock,
        secrets=MemorySecretStore(),
        http=Http(lan=SHORT, internet=SHORT),
    ) as core:
        setting_up = drafts(outside)
        assert set(setting_up) == every
        for key, draft in setting_up.items():
            await core.commands.save_service(key, draft, enabled=True)
        await core.commands.set_route("desktop", "", Route(events=frozenset({EventKind.DOWNLOADED})))
        await post(core)

        fine = every - IN_TROUBLE
        await delivered(core, *fine)
        jobs = await ended(core)
        _, scanned_at = jobs["scan-movie"]
        late = {key: jobs[f"notify-{key}"][1] - scanned_at for key in fine}
        assert max(late.values()) < WITHIN, late
        assert outside.emby.refreshed == outside.plex.refreshed == [FOLDER]
        assert len(outside.mail.mails) == len(outside.daemon.notified) == 1
        assert b"Content-ID: <poster." in outside.mail.mails[0].raw
        assert sorted({"webhook", "apprise"} & set(outside.posted)) == ["apprise", "webhook"]
        assert (tmp_path / "told").read_text() == "The Matrix (1999)"
        assert not {f"notify-{key}" for key in IN_TROUBLE} & set(jobs)

        await recover_discord(core, outside, clock)
        await recover_pushover(core)
        await recover_jellyfin(core, outside, clock)
        await recover_kodi(core, outside, clock)
        await delivered(core, *every)
        for once in ("webhook", "apprise", "discord", "pushover", "pushover refused"):
            assert outside.posted.count(once) == 1, outside.posted


async def recover_discord(core: Core, outside: Outside, clock: HastyClock) -> None:
    await eventually(lambda: lane_is(core, "discord", "rate_limited"))
    outside.limited = False
    assert "discord" not in outside.posted
    await skip_until_told(core, "discord", clock)


async def recover_pushover(core: Core) -> None:
    await eventually(lambda: lane_is(core, "pushover", "blocked"))
    right = Draft(secrets={"user_key": HUSH_KEY})
    await core.commands.save_service("pushover", right, enabled=True)
    await delivered(core, "pushover")


async def recover_jellyfin(core: Core, outside: Outside, clock: HastyClock) -> None:
    """It goes on to hang for so long that every usual retry would be used up."""
    for _ in range(5):
        await looks_again(outside.jellyfin, clock)
    assert "notify-jellyfin" not in await ended(core)
    outside.jellyfin.hangs = False
    assert outside.jellyfin.refreshed == []
    await skip_until_told(core, "jellyfin", clock)
    assert outside.jellyfin.refreshed == [FOLDER]


async def recover_kodi(core: Core, outside: Outside, clock: HastyClock) -> None:
    await eventually(lambda: lane_is(core, "kodi", "breaker"))
    kodi = FakeServer(NORMAL["kodi"])
    kodi.port = outside.kodi_port
    async with kodi:
        await skip_until_told(core, "kodi", clock)
    assert any(b'"VideoLibrary.Scan"' in request.body for request in kodi.requests)


async def looks_again(jellyfin: HangingJellyfin, clock: HastyClock) -> None:
    """Let time pass until it was asked once more, and given up."""
    before = jellyfin.tried

    async def asked() -> bool:
        clock.skip(20)
        await asyncio.sleep(0.2)
        return jellyfin.tried > before

    await eventually(asked)


async def skip_until_told(core: Core, key: str, clock: HastyClock) -> None:
    """Let minutes pass until a service is told, as the program looks for it again by itself."""

    async def told() -> bool:
        clock.skip(20)
        await asyncio.sleep(0.2)
        found = (await ended(core)).get(f"notify-{key}")
        assert found is None or found[0] is EndStatus.COMPLETED, found
        return found is not None

    await eventually(told, within=60)


async def lane_is(core: Core, key: str, state: str) -> bool:
    (family,) = await core.queries.recent()
    lanes = [
        lane
        for job in family.jobs
        if job.type == f"notify-{key}"
        for lane in (await core.queries.job(job.id)).lanes.values()
    ]
    return any(lane.state == state for lane in lanes)
